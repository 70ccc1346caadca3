// A worker of the type `mux_test`, whose jobs { inputPath, format } copy a video into TS, or into an HLS package.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineJobType } from '@reelay/contracts';
import {
  guardedInput,
  mediaEnv,
  MediaError,
  openMedia,
  outputFile,
  probe,
  produceOutput,
  verifyOutput,
} from '@reelay/media';
import { parseEnv } from '@reelay/platform';
import { defineWorker, runWorker } from '@reelay/worker-sdk';
import { z } from 'zod';

const contract = defineJobType('mux_test', {
  category: 'cpu',
  vramMb: 0,
  label: 'Mux',
  shortDescription: 'Copies a video into another container',
  description: 'For tests.',
  parameters: z.strictObject({ inputPath: z.string(), format: z.enum(['mpegts', 'hls']) }),
  result: z.object({}),
});

await runWorker(
  defineWorker({
    app: 'muxing-worker',
    version: '1.0.0',
    async prepare() {
      const { ffmpeg, library, features } = await openMedia(parseEnv(mediaEnv), []);
      /**
       * ffmpeg says nothing of a full disk: the playlist, which is written last, is what tells.
       * @param {import('@reelay/worker-sdk').Order<typeof contract>} order
       * @param {import('@reelay/worker-sdk').JobContext} job
       * @param {(...muxer: string[]) => Promise<unknown>} copy
       */
      const packageHls = async (order, job, copy) => {
        const output = await library.freeOutput({ directory: 'playback', base: 'muxed', extension: 'm3u8' }, order);
        const segments = ['-hls_time', '1', '-hls_list_size', '0'];
        const names = ['-hls_segment_filename', join(job.workDir, '%d.ts')];
        const { path } = await produceOutput(library, output, order, job, {
          make: (temporary) => copy('-f', 'hls', ...segments, ...names, outputFile(temporary)),
          verify: async (file) => {
            if (!(await readFile(file, 'utf8')).includes('#EXT-X-ENDLIST')) {
              throw new MediaError('OUTPUT_INVALID', 'the playlist does not end');
            }
          },
        });
        return { destinationPaths: [path], result: {} };
      };
      /** @type {import('@reelay/worker-sdk').JobProcessor<typeof contract>} */
      const processor = {
        contract,
        async process(order, job) {
          const { inputPath, format } = order.parameters;
          const input = await library.resolveInput(inputPath);
          const { video, durationSeconds } = await probe(ffmpeg.tools, input.absolute, job);
          if (!video) throw new Error('the input has no picture');
          const copy = (/** @type {string[]} */ ...muxer) =>
            ffmpeg.run([...guardedInput(input.absolute), '-map', '0:V:0', '-c', 'copy', ...muxer], {
              ...job,
              durationSeconds,
              folders: [job.workDir],
            });
          if (format === 'hls') return packageHls(order, job, copy);
          const output = await library.freeOutput({ directory: 'playback', base: 'muxed', extension: 'ts' }, order);
          const { path } = await produceOutput(library, output, order, job, {
            make: (temporary) => copy('-f', 'mpegts', outputFile(temporary)),
            verify: (file) =>
              verifyOutput(
                ffmpeg,
                file,
                {
                  kind: 'video',
                  container: 'mpegts',
                  videoCodec: video.codec,
                  audioCodec: null,
                  width: video.width,
                  height: video.height,
                  durationSeconds,
                },
                job,
              ),
          });
          return { destinationPaths: [path], result: {} };
        },
      };
      return { processors: [processor], features };
    },
  }),
);
