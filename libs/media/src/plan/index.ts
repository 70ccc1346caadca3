export { safeLibraryPath } from '../library-path.js';
export { ffmpegArgv } from '../input.js';
export { MediaError } from '../errors.js';
export {
  extensionsOf,
  outputName,
  planTranscode,
  TRANSCODE_FEATURES,
  type TranscodeFiles,
  type TranscodePlan,
  type TranscodeRequest,
} from './transcode.js';
