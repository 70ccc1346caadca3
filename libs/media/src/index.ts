export { blameInput } from './blame-input.js';
export { readBoxes, type Box } from './cmaf/box.js';
export { decodePlaylist, probeManifest, type ManifestKind, type ManifestStream } from './cmaf/manifests.js';
export type { SegmentFacts } from './cmaf/segment.js';
export {
  bytesOf,
  INIT_FILE,
  readInit,
  readSegmentFile,
  readTrack,
  samplesOf,
  secondsOf,
  SEGMENT_PATTERN,
  segmentName,
  type CmafTrack,
  type TrackSegment,
} from './cmaf/track.js';
export type { TrackHeader } from './cmaf/track-header.js';
export { Compiler, reelCommands, type PlannedPiece } from './compiler.js';
export { describeDimensions, describeMedia, describeSize } from './describe.js';
export { blamesDevice } from './hardware.js';
export { planHardware, type HardwareEncoders, type HardwarePlan } from './plan/hardware-encoder.js';
export { expectedBytes } from './disk-room.js';
export { MediaError, systemErrorCode, type MediaErrorCode, type MediaErrorFacts } from './errors.js';
export type { OutputExpectation, PictureExpectation, SoundExpectation, VideoExpectation } from './expectation.js';
export { inputIsDamaged } from './failure.js';
export { Ffmpeg, type RunOptions, type RunResult } from './ffmpeg.js';
export { fingerprintOf } from './fingerprint.js';
export { guardedInput, outputFile, quoteCommand } from './input.js';
export { MediaLibrary, type FreeName, type LibraryFolder, type LibraryInput, type LibraryOutput } from './library.js';
export { attemptOfPartial, extensionOf, outputBaseName, partialName, safeLibraryPath } from './library-path.js';
export {
  displaySize,
  uprightSize,
  type AudioStreamInfo,
  type MediaInfo,
  type PictureSize,
  type VideoStreamInfo,
} from './media-info.js';
export { linkOrCopy, removeMoved } from './move.js';
export { mediaEnv, mediaLinks, openMedia, type Media, type MediaEnv, type MediaNeeds } from './open-media.js';
export { listPictures, readPictureHeader } from './packets.js';
export { untilResumed, type PauseSignal, type RunControl } from './pause.js';
export type { PictureHeader, PicturePacket } from './pictures.js';
export { PIPE_OUTPUT, pipeOutput, readText, type ReadPipe } from './pipe-reader.js';
export { probe, type ProbeOptions } from './probe.js';
export { shareOf } from './progress-share.js';
export { reportProgress, type EncodeProgress, type ProgressSink } from './progress.js';
export { produceOutput, type MakingJob, type OutputSteps, type Produced, type ProducingJob } from './publish.js';
export { jobOfMarker, type AttemptIdentity } from './published-marker.js';
export type { MediaTools } from './tools.js';
export { Trimmer, type TrimmedRange, type TrimRequest, type TrimSource } from './trimmer.js';
export { outputFault, verifyOutput } from './verify.js';
export { walkLibrary, type FoundFile, type WalkOptions } from './walk.js';
