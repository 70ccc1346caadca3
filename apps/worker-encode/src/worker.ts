import { readFileSync } from 'node:fs';
import { openMedia } from '@reelay/media';
import { TRANSCODE_FEATURES, TRIM_ENCODERS } from '@reelay/media/plan';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { ConcatChunksProcessor } from './chunked/concat-chunks.processor.js';
import { EncodeChunkProcessor } from './chunked/encode-chunk.processor.js';
import { SegmentProcessor } from './chunked/segment.processor.js';
import { env } from './config.js';
import { LADDER_ENCODERS } from './encode-rendition/encode-rendition.plan.js';
import { EncodeRenditionProcessor } from './encode-rendition/encode-rendition.processor.js';
import { PackageHlsDashProcessor } from './package-hls-dash/package-hls-dash.processor.js';
import { PlanLadderProcessor } from './plan-ladder/plan-ladder.processor.js';
import { REENCODE_ENCODERS } from './reencode-streaming/reencode-streaming.plan.js';
import { ReencodeStreamingProcessor } from './reencode-streaming/reencode-streaming.processor.js';
import { TranscodeProcessor } from './transcode/transcode.processor.js';
import { TrimProcessor } from './trim/trim.processor.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The service that encodes. */
export default defineWorker({
  app: 'worker-encode',
  version,
  async prepare() {
    const settings = parseEnv(env);
    const encoders = [...new Set([...REENCODE_ENCODERS, ...TRIM_ENCODERS, ...LADDER_ENCODERS])];
    const needs = { hardware: true };
    const media = await openMedia(settings, encoders, TRANSCODE_FEATURES, needs);
    const { ffmpeg, library, hardware, features, notes } = media;
    const encoding = { threads: settings.FFMPEG_THREADS, hardware };
    return {
      processors: [
        new ConcatChunksProcessor(ffmpeg, library),
        new EncodeChunkProcessor(ffmpeg, library, encoding),
        new EncodeRenditionProcessor(ffmpeg, library, encoding),
        new PackageHlsDashProcessor(ffmpeg, library),
        new PlanLadderProcessor(ffmpeg, library, encoding),
        new ReencodeStreamingProcessor(ffmpeg, library, encoding),
        new SegmentProcessor(ffmpeg, library),
        new TranscodeProcessor(ffmpeg, library, encoding),
        new TrimProcessor(ffmpeg, library, encoding),
      ],
      features,
      notes,
    };
  },
});
