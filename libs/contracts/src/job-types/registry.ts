import { clipGenerate } from './clip-generate.js';
import { compileGif } from './compile-gif.js';
import { compileMega } from './compile-mega.js';
import { compileQuad } from './compile-quad.js';
import { compileRandom } from './compile-random.js';
import type { JobContract } from './define-job-type.js';
import { deleteOutput } from './delete-output.js';
import { digestGenerate } from './digest-generate.js';
import { download } from './download.js';
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
import { tagGeneration } from './tag-generation.js';
import { thumbnailGenerate } from './thumbnail-generate.js';
import { transcode } from './transcode.js';
import { trim } from './trim.js';
import { validate } from './validate.js';

const contracts: readonly JobContract[] = [
  clipGenerate,
  compileGif,
  compileMega,
  compileQuad,
  compileRandom,
  deleteOutput,
  digestGenerate,
  download,
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
  tagGeneration,
  thumbnailGenerate,
  transcode,
  trim,
  validate,
];

/** The job types that Reelay ships, by name. Workers may announce further ones. */
export const JOB_CONTRACTS: ReadonlyMap<string, JobContract> = new Map(
  contracts.map((contract) => [contract.type, contract]),
);
