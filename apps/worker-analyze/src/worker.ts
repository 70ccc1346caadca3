import { readFileSync } from 'node:fs';
import { openMedia } from '@reelay/media';
import { PIECE_ENCODERS, STILL_ENCODERS } from '@reelay/media/plan';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { ClipGenerateProcessor } from './clip-generate/clip-generate.processor.js';
import { env } from './config.js';
import { DigestGenerateProcessor } from './digest-generate/digest-generate.processor.js';
import { HighlightGenerateProcessor } from './highlight-generate/highlight-generate.processor.js';
import { SceneExtractProcessor } from './scene-extract/scene-extract.processor.js';
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
    const { ffmpeg, library, features, notes } = await openMedia(settings, [...PIECE_ENCODERS, ...STILL_ENCODERS]);
    const encoding = { threads: settings.FFMPEG_THREADS };
    const model = new ThreadedVisionModel(settings.VISION_MODEL);
    return {
      processors: [
        new ClipGenerateProcessor(ffmpeg, library, encoding),
        new DigestGenerateProcessor(ffmpeg, library, encoding),
        new HighlightGenerateProcessor(ffmpeg, library, encoding),
        new SceneExtractProcessor(ffmpeg, library, encoding),
        new TagGenerationProcessor(ffmpeg, library, model),
      ],
      features: [...features, `vision-${model.name}`],
      notes,
    };
  },
});
