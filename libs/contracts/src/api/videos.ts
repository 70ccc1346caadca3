import { z } from 'zod';
import { describeDirectoryType, directoryTypeName } from '../directory-types.js';
import { mediaInfo, videoScene, videoTags } from '../media-info.js';
import { createdJob } from './job-actions.js';
import { createJobBody } from './jobs.js';
import { listOf, pagePagination, pageQuery } from './paging.js';

/** How a player shows the picture: rotation is taken into account. */
export const ORIENTATIONS = ['landscape', 'portrait', 'square'] as const;
export type Orientation = (typeof ORIENTATIONS)[number];

/** The fields that a list of videos can be sorted by; `-` before a name turns the order round. */
export const VIDEO_SORTS = [
  ...(['createdAt', '-createdAt', 'path', '-path'] as const),
  ...(['durationSeconds', '-durationSeconds', 'sizeBytes', '-sizeBytes'] as const),
] as const;
export type VideoSort = (typeof VIDEO_SORTS)[number];

/** `true` or `false` in a query. */
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const seconds = z.coerce.number().min(0).max(10_000_000);

/** What videos can be chosen by; fields that are left out match every video. */
export const videoFilter = {
  q: z.string().min(1).max(200).optional().describe('Words of the path, `clip*` for those that begin so'),
  directoryType: listOf(directoryTypeName).describe(describeDirectoryType('One or several folders of the library')),
  orientation: listOf(z.enum(ORIENTATIONS)).describe('As it is shown'),
  videoCodec: listOf(z.string().regex(/^[a-z0-9_]{1,40}$/)).describe('As ffprobe names it, such as h264'),
  valid: flag.optional().describe('What the last validation found; left out, those that nobody validated as well'),
  audio: flag.optional().describe('Whether it has sound'),
  tag: listOf(z.string().min(1).max(100)).describe('One or several tags, of which it has at least one'),
  missing: flag.default(false).describe('Whether the file was gone at the last scan'),
  minDuration: seconds.optional().describe('Seconds'),
  maxDuration: seconds.optional().describe('Seconds'),
};
export type VideoFilter = z.output<z.ZodObject<typeof videoFilter>>;

/** Query of `GET /api/media/videos`. */
export const listVideosQuery = z.strictObject({
  ...pageQuery,
  ...videoFilter,
  sort: z.enum(VIDEO_SORTS).default('-createdAt'),
});
export type ListVideosQuery = z.output<typeof listVideosQuery>;

const timestamp = z.iso.datetime();

/** A video of the library. */
export const videoView = z.object({
  id: z.uuid(),
  path: z.string().describe('Relative to the library'),
  filename: z.string(),
  directoryType: directoryTypeName.nullable().describe('Null outside the known folders'),
  sizeBytes: z.int().nullable(),
  container: z.string().nullable(),
  videoCodec: z.string().nullable(),
  audioCodec: z.string().nullable(),
  width: z.int().nullable().describe('Coded width, before rotation'),
  height: z.int().nullable().describe('Coded height, before rotation'),
  displayAspectRatio: z.string().nullable(),
  rotation: z.int().nullable().describe('Degrees clockwise that a player turns it'),
  orientation: z.enum(ORIENTATIONS).nullable(),
  fps: z.number().nullable(),
  durationSeconds: z.number().nullable(),
  bitrateKbps: z.number().nullable(),
  valid: z.boolean().nullable().describe('Null until it is validated'),
  invalidReason: z.string().nullable(),
  thumbnailPath: z.string().nullable(),
  spritePath: z.string().nullable().describe('Of the WebVTT file'),
  previewPath: z.string().nullable().describe('Of the animated preview'),
  tags: z
    .array(z.object({ tag: z.string(), confidence: z.number() }))
    .describe('What a model saw in it; empty until its tags are made'),
  sceneCount: z.int().nullable().describe('Null until its scenes are extracted'),
  fingerprint: z.string().nullable().describe('Of its size, head and tail'),
  missingSince: timestamp.nullable().describe('When a scan first found its file gone'),
  reencodeJobId: z.uuid().nullable().describe('The last job that re-encoded it'),
  sourceVideoId: z.uuid().nullable().describe('The video that it was made from'),
  createdAt: timestamp,
  updatedAt: timestamp,
  probedAt: timestamp.nullable(),
});
export type VideoView = z.infer<typeof videoView>;

/** A video with all that is known of it. */
export const videoDetail = videoView.extend({
  media: mediaInfo.nullable().describe('What the last probe learned'),
  scenes: z.array(videoScene),
  tagModel: z.string().nullable().describe('The model that saw the tags'),
  tags: videoTags.shape.items,
});
export type VideoDetail = z.infer<typeof videoDetail>;

/** A page of videos. */
export const videoPage = z.object({
  data: z.array(videoView),
  pagination: pagePagination,
});
export type VideoPage = z.infer<typeof videoPage>;

/** What can be done with a video, and the job type that does it. */
export const VIDEO_ACTIONS = {
  reencode: 'reencode_streaming',
  tags: 'tag_generation',
  thumbnail: 'thumbnail_generate',
  sprite: 'thumbnail_generate',
  preview: 'thumbnail_generate',
  transcode: 'transcode',
  trim: 'trim',
  gif: 'compile_gif',
  move: 'move_to_library',
  quality: 'quality_check',
  probe: 'probe',
  validate: 'validate',
  scenes: 'scene_extract',
  digest: 'digest_generate',
  clips: 'clip_generate',
  highlights: 'highlight_generate',
} as const;
export type VideoAction = keyof typeof VIDEO_ACTIONS;

/** The parameters that an action stands for, beside those that come with it. */
export const VIDEO_ACTION_PARAMS: Readonly<Partial<Record<VideoAction, Readonly<Record<string, unknown>>>>> = {
  sprite: { kind: 'sprite' },
  preview: { kind: 'preview' },
};

/** Body of `POST /api/media/videos/:id/actions`. */
export const videoActionBody = createJobBody
  .pick({ params: true, priority: true, maxRetries: true, target: true, notifyQueue: true })
  .extend({ action: z.enum(Object.keys(VIDEO_ACTIONS) as [VideoAction, ...VideoAction[]]) });
export type VideoActionBody = z.infer<typeof videoActionBody>;

/** The job that an action made. */
export const videoActionAnswer = createdJob;
