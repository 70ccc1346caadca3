import { mediaEnv } from '@reelay/media';
import { allowedAddresses } from '@reelay/platform';

/** What this service reads of its environment, besides what every worker does. */
export const env = mediaEnv.extend({
  DOWNLOAD_ALLOW: allowedAddresses.describe('Hosts and networks that a download may go to though they are not public'),
});
