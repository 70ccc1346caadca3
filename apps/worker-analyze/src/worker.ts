import { readFileSync } from 'node:fs';
import { openMedia } from '@reelay/media';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { env } from './config.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The service that looks into videos: scenes, digests, highlights, tags. */
export default defineWorker({
  app: 'worker-analyze',
  version,
  async prepare() {
    const { features } = await openMedia(parseEnv(env), []);
    return { processors: [], features };
  },
});
