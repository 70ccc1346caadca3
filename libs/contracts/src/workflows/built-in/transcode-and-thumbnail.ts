import { DEFAULT_PRESET } from '../../job-types/transcode.js';
import type { WorkflowTemplateSource } from '../template.js';

/** Encodes a video by a preset, then takes a picture of what came out. */
export const transcodeAndThumbnail: WorkflowTemplateSource = {
  name: 'transcode_and_thumbnail',
  description: 'Encodes a video by a preset, then takes a thumbnail of the output.',
  input: {
    videoId: { type: 'string', format: 'uuid', description: 'A video of the library' },
    preset: { type: 'string', default: DEFAULT_PRESET, description: "A preset's name, or name@version" },
    timestamp: { type: 'number', minimum: 0, optional: true, description: 'Where the thumbnail is taken, in seconds' },
    width: { type: 'integer', minimum: 16, default: 640, description: 'Of the thumbnail, in pixels' },
  },
  steps: [
    {
      id: 'transcode',
      job: 'transcode',
      parameters: { videoId: '${input.videoId}', preset: '${input.preset}' },
    },
    {
      id: 'thumbnail',
      job: 'thumbnail_generate',
      parameters: {
        inputPath: '${steps.transcode.result.outputPath}',
        timestamp: '${input.timestamp}',
        width: '${input.width}',
      },
    },
  ],
  output: {
    outputPath: '${steps.transcode.result.outputPath}',
    preset: '${steps.transcode.result.preset}',
    thumbnailPath: '${steps.thumbnail.result.thumbnailPath}',
  },
};
