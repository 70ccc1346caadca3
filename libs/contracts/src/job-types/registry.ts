import { clipGenerate } from './clip-generate.js';
import { compileGif } from './compile-gif.js';
import { compileMega } from './compile-mega.js';
import { compileQuad } from './compile-quad.js';
import { compileRandom } from './compile-random.js';
import { concatChunks } from './concat-chunks.js';
import type { JobContract } from './define-job-type.js';
import { deleteOutput } from './delete-output.js';
import { digestGenerate } from './digest-generate.js';
import { download } from './download.js';
import { encodeChunk } from './encode-chunk.js';
import { encodeRendition } from './encode-rendition.js';
import { highlightGenerate } from './highlight-generate.js';
import { moveToLibrary } from './move-to-library.js';
import { packageHlsDash } from './package-hls-dash.js';
import { planLadder } from './plan-ladder.js';
import { probe } from './probe.js';
import { qualityCheck } from './quality-check.js';
import { reencodeStreaming } from './reencode-streaming.js';
import { publicScan, scan } from './scan.js';
import { sceneExtract } from './scene-extract.js';
import { segment } from './segment.js';
import { tagGeneration } from './tag-generation.js';
import { thumbnailGenerate } from './thumbnail-generate.js';
import { transcode } from './transcode.js';
import { trim } from './trim.js';
import { uploadCopy } from './upload-copy.js';
import { validate } from './validate.js';

const contracts: readonly JobContract[] = [
  clipGenerate,
  compileGif,
  compileMega,
  compileQuad,
  compileRandom,
  concatChunks,
  deleteOutput,
  digestGenerate,
  download,
  encodeChunk,
  encodeRendition,
  highlightGenerate,
  moveToLibrary,
  packageHlsDash,
  planLadder,
  probe,
  publicScan,
  qualityCheck,
  reencodeStreaming,
  scan,
  sceneExtract,
  segment,
  tagGeneration,
  thumbnailGenerate,
  transcode,
  trim,
  uploadCopy,
  validate,
];

/** The job types that Reelay ships, by name. Workers may announce further ones. */
export const JOB_CONTRACTS: ReadonlyMap<string, JobContract> = new Map(
  contracts.map((contract) => [contract.type, contract]),
);
