export * from './api/archive.js';
export * from './api/directory-types.js';
export * from './api/job-actions.js';
export * from './api/job-types.js';
export * from './api/jobs.js';
export * from './api/packages.js';
export * from './api/paging.js';
export * from './api/parked.js';
export * from './api/plan.js';
export * from './api/presets.js';
export * from './api/problem.js';
export * from './api/settings.js';
export * from './api/videos.js';
export * from './api/webhooks.js';
export * from './api/workers.js';
export * from './api/workflows.js';
export * from './built-in-presets.js';
export * from './directory-types.js';
export * from './errors.js';
export { MOST_CHUNKS, type FilmChunk } from './job-types/chunk-fields.js';
export { clipGenerate } from './job-types/clip-generate.js';
export { compileGif } from './job-types/compile-gif.js';
export { compileMega } from './job-types/compile-mega.js';
export { compileQuad } from './job-types/compile-quad.js';
export { compileRandom, ORIENTATIONS } from './job-types/compile-random.js';
export { concatChunks } from './job-types/concat-chunks.js';
export * from './job-types/define-job-type.js';
export { deleteOutput } from './job-types/delete-output.js';
export { digestGenerate } from './job-types/digest-generate.js';
export { download } from './job-types/download.js';
export { encodeChunk } from './job-types/encode-chunk.js';
export { encodeRendition, RENDITIONS_FILE } from './job-types/encode-rendition.js';
export { libraryPath, mediaInput, mediaOutput, videoResult } from './job-types/fields.js';
export { highlightGenerate } from './job-types/highlight-generate.js';
export {
  rendition,
  renditionAudio,
  segmentShape,
  type Rendition,
  type RenditionAudio,
} from './job-types/ladder-fields.js';
export { moveToLibrary } from './job-types/move-to-library.js';
export { DASH_MANIFEST, MASTER_PLAYLIST, packageHlsDash } from './job-types/package-hls-dash.js';
export { planLadder } from './job-types/plan-ladder.js';
export { probe } from './job-types/probe.js';
export { qualityCheck } from './job-types/quality-check.js';
export { reencodeStreaming } from './job-types/reencode-streaming.js';
export { JOB_CONTRACTS } from './job-types/registry.js';
export { publicScan, scan, VIDEO_EXTENSIONS } from './job-types/scan.js';
export { sceneExtract } from './job-types/scene-extract.js';
export { segment } from './job-types/segment.js';
export { tagGeneration } from './job-types/tag-generation.js';
export { thumbnailGenerate } from './job-types/thumbnail-generate.js';
export { DEFAULT_PRESET, transcode } from './job-types/transcode.js';
export { trim } from './job-types/trim.js';
export { uploadCopy } from './job-types/upload-copy.js';
export { validate } from './job-types/validate.js';
export * from './media-info.js';
export * from './messages/answers.js';
export * from './messages/job-event.js';
export * from './messages/library.js';
export * from './messages/order.js';
export * from './messages/parameters.js';
export * from './messages/worker.js';
export * from './presets.js';
export * from './topology.js';
export * from './workflows/built-in/index.js';
export * from './workflows/template.js';
export * from './workflows/workflow-event.js';
