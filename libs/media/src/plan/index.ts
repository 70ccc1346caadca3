export { ffmpegArgv } from '../input.js';
export { MediaError } from '../errors.js';
export {
  extensionsOf,
  planTranscode,
  TRANSCODE_FEATURES,
  type TranscodeFiles,
  type TranscodePlan,
  type TranscodeRequest,
} from './transcode.js';
