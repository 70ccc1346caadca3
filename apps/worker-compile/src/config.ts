import { mediaEnv } from '@reelay/media';
import { z } from 'zod';

/** What this service reads of its environment, besides what every worker does. */
export const env = mediaEnv.extend({
  FONT_FILE: z.string().min(1).optional().describe('The font of titles; left out, DejaVu Sans'),
});
