import { readFileSync } from 'node:fs';
import { publicScan, scan } from '@reelay/contracts';
import { openMedia } from '@reelay/media';
import { STILL_ENCODERS } from '@reelay/media/plan';
import { parseEnv } from '@reelay/platform';
import { defineWorker } from '@reelay/worker-sdk';
import { env } from './config.js';
import { DeleteOutputProcessor } from './delete-output/delete-output.processor.js';
import { DownloadProcessor } from './download/download.processor.js';
import { MoveToLibraryProcessor } from './move-to-library/move-to-library.processor.js';
import { ProbeProcessor } from './probe/probe.processor.js';
import { QualityCheckProcessor } from './quality-check/quality-check.processor.js';
import { ScanProcessor } from './scan/scan.processor.js';
import { PREVIEW_ENCODERS } from './thumbnail-generate/thumbnail-generate.plan.js';
import { ThumbnailGenerateProcessor } from './thumbnail-generate/thumbnail-generate.processor.js';
import { UploadCopyProcessor } from './upload-copy/upload-copy.processor.js';
import { ValidateProcessor } from './validate/validate.processor.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The service that looks after the library. */
export default defineWorker({
  app: 'worker-library',
  version,
  async prepare() {
    const settings = parseEnv(env);
    const { ffmpeg, library, features, notes } = await openMedia(settings, STILL_ENCODERS, PREVIEW_ENCODERS);
    return {
      processors: [
        new DeleteOutputProcessor(library),
        new DownloadProcessor(ffmpeg, library, settings.DOWNLOAD_ALLOW),
        new MoveToLibraryProcessor(library, ffmpeg.tools.reserveBytes),
        new ProbeProcessor(ffmpeg, library),
        new ScanProcessor(publicScan, ffmpeg, library),
        new QualityCheckProcessor(ffmpeg, library),
        new ScanProcessor(scan, ffmpeg, library),
        new ThumbnailGenerateProcessor(ffmpeg, library),
        new UploadCopyProcessor(ffmpeg, library),
        new ValidateProcessor(ffmpeg, library),
      ],
      features,
      notes,
    };
  },
});
