import { mediaEnv } from '@reelay/media';
import { z } from 'zod';
import { defaultModel, ModelUnfitError, readModel } from './vision/model-files.js';

/** The model that is used; one that is unfit stops the service. */
const visionModel = z
  .string()
  .optional()
  .transform((path, context) => {
    try {
      return path === undefined ? defaultModel() : readModel(path);
    } catch (error) {
      if (!(error instanceof ModelUnfitError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  });

/** What this service reads of its environment, besides what every worker does. */
export const env = mediaEnv.extend({
  VISION_MODEL: visionModel.describe('The description of a vision model, or the folder with one'),
});
