import { mediaEnv } from '@reelay/media';

/** What this service reads of its environment, besides what every worker does. */
export const env = mediaEnv;
