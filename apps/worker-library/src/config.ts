import { mediaEnv } from '@reelay/media';
import { AddressGuard } from '@reelay/platform';
import { z } from 'zod';

/** Which addresses that are not public a download may go to; a list that is unfit stops the service. */
const downloadAllow = z.string().transform((list, context) => {
  const entries = list.split(',').map((entry) => entry.trim());
  try {
    return new AddressGuard(entries);
  } catch {
    context.addIssue('must list host names, addresses and networks (10.1.0.0/16), separated by commas');
    return z.NEVER;
  }
});

/** What this service reads of its environment, besides what every worker does. */
export const env = mediaEnv.extend({
  DOWNLOAD_ALLOW: downloadAllow
    .default(() => new AddressGuard())
    .describe('Hosts and networks that a download may go to though they are not public'),
});
