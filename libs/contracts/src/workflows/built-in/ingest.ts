import type { WorkflowTemplateSource } from '../template.js';

/** What a new video needs before it is shown: it is checked, and then three things are made of it at once. */
export const ingest: WorkflowTemplateSource = {
  name: 'ingest',
  description:
    'Validates a video; when it is valid, takes a thumbnail, re-encodes it for streaming and tags it, side by side. ' +
    'A video without tags is still ingested.',
  input: {
    videoId: { type: 'string', format: 'uuid', description: 'A video of the library' },
    decode: { type: 'boolean', default: false, description: 'Whether every frame is decoded, to find hidden damage' },
    targetBitrate: { type: 'integer', minimum: 100, default: 2000, description: 'Highest video bitrate, kbit/s' },
    tags: { type: 'boolean', default: true, description: 'Whether the video is tagged' },
  },
  steps: [
    {
      id: 'validate',
      job: 'validate',
      parameters: { videoId: '${input.videoId}', decode: '${input.decode}' },
    },
    {
      id: 'thumbnail',
      job: 'thumbnail_generate',
      when: '${steps.validate.result.valid}',
      parameters: { videoId: '${input.videoId}' },
    },
    {
      id: 'reencode',
      job: 'reencode_streaming',
      when: '${steps.validate.result.valid}',
      parameters: { videoId: '${input.videoId}', targetBitrate: '${input.targetBitrate}' },
    },
    {
      id: 'tags',
      job: 'tag_generation',
      when: '${input.tags && steps.validate.result.valid}',
      parameters: { videoId: '${input.videoId}' },
      onError: 'continue',
    },
  ],
  output: {
    valid: '${steps.validate.result.valid}',
    reason: '${steps.validate.result.reason}',
    thumbnailPath: '${steps.thumbnail.result.thumbnailPath}',
    outputPath: '${steps.reencode.result.outputPath}',
    tags: '${steps.tags.result.tags[*].tag}',
  },
};
