import { readFileSync } from 'node:fs';
import { openMedia } from '@reelay/media';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { env } from './config.js';
import { REENCODE_ENCODERS } from './reencode-streaming/reencode-streaming.plan.js';
import { ReencodeStreamingProcessor } from './reencode-streaming/reencode-streaming.processor.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The service that encodes. */
export default defineWorker({
  app: 'worker-encode',
  version,
  async prepare() {
    const settings = parseEnv(env);
    const { ffmpeg, library, features } = await openMedia(settings, REENCODE_ENCODERS);
    return {
      processors: [new ReencodeStreamingProcessor(ffmpeg, library, { threads: settings.FFMPEG_THREADS })],
      features,
    };
  },
});
