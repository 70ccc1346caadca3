import { readFileSync } from 'node:fs';
import { openMedia } from '@reelay/media';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { env } from './config.js';
import { TagGenerationProcessor } from './tag-generation/tag-generation.processor.js';
import { ThreadedVisionModel } from './vision/threaded-vision-model.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The service that looks into videos: scenes, digests, highlights, tags. */
export default defineWorker({
  app: 'worker-analyze',
  version,
  async prepare() {
    const settings = parseEnv(env);
    const { ffmpeg, library, features } = await openMedia(settings, []);
    const model = new ThreadedVisionModel(settings.VISION_MODEL);
    return {
      processors: [new TagGenerationProcessor(ffmpeg, library, model)],
      features: [...features, `vision-${model.name}`],
    };
  },
});
