import { readFileSync } from 'node:fs';
import { openMedia } from '@reelay/media';
import { PIECE_ENCODERS } from '@reelay/media/plan';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { CompileGifProcessor } from './compile-gif/compile-gif.processor.js';
import { CompileMegaProcessor } from './compile-mega/compile-mega.processor.js';
import { CompileQuadProcessor } from './compile-quad/compile-quad.processor.js';
import { CompileRandomProcessor } from './compile-random/compile-random.processor.js';
import { env } from './config.js';
import { canDrawTitles, findFont } from './font.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The service that makes one video, or an animation, of others. */
export default defineWorker({
  app: 'worker-compile',
  version,
  async prepare() {
    const settings = parseEnv(env);
    const font = await findFont(settings.FONT_FILE);
    const needs = { reads: [font] };
    const { ffmpeg, library, features, notes } = await openMedia(settings, [...PIECE_ENCODERS, 'gif'], [], needs);
    const threads = settings.FFMPEG_THREADS;
    return {
      processors: [
        new CompileGifProcessor(ffmpeg, library),
        new CompileMegaProcessor(ffmpeg, library, { threads, font }),
        new CompileQuadProcessor(ffmpeg, library, { threads }),
        new CompileRandomProcessor(ffmpeg, library, { threads }),
      ],
      features: canDrawTitles(ffmpeg.tools) ? [...features, 'titles'] : features,
      notes,
    };
  },
});
