export { safeLibraryPath } from '../library-path.js';
export { ffmpegArgv, threadOptions } from '../input.js';
export { MediaError } from '../errors.js';
export { planChunk, type ChunkPlan } from './chunk.js';
export { chunkScript, planChunkJoin, type ChunkJoinPlan, type JoinedChunk, type JoinedPictures } from './chunk-join.js';
export { filmPictures, lastSeconds, listChunks, picturesFault, type FilmPictures } from './chunk-list.js';
export { compiled, type Chapter } from './join.js';
export {
  filterValue,
  fitFilters,
  framesIn,
  heldPicture,
  pictureEncoder,
  PIECE_ENCODERS,
  planCrossfade,
  planPiece,
  soundFilters,
  type LibrarySource,
  type Part,
  type PieceFormat,
  type PieceTitle,
  type Source,
} from './piece.js';
export { evenSide, ownFormat, preparePicture, rateText, type PreparedPicture } from './picture.js';
export { planHardware, type HardwareEncoders } from './hardware-encoder.js';
export { planReel, type Reel, type ReelPiece } from './reel.js';
export { frameAt, planStill, STILL_ENCODERS, stillSize, type StillPlan } from './still.js';
export {
  extensionsOf,
  outputName,
  planTranscode,
  TRANSCODE_FEATURES,
  type TranscodeFiles,
  type TranscodePlan,
  type TranscodeRequest,
} from './transcode.js';
export { TRIM_ENCODERS } from './trim.js';
export { webvtt, type Cue } from './webvtt.js';
