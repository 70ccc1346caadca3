import type { WorkflowInput } from '../template.js';

/** What the templates that make ladders take. */
export const ladderInput = {
  url: { type: 'string', optional: true, description: 'Where the video is downloaded from' },
  checksum: {
    type: 'object',
    optional: true,
    properties: { algorithm: { type: 'string' }, value: { type: 'string' } },
    description: 'What the download must have, as the job type download takes it',
  },
  videoId: { type: 'string', format: 'uuid', optional: true, description: 'Instead: a video of the library' },
  inputPath: { type: 'string', optional: true, description: 'Instead: a file of the library' },
  renditions: {
    type: 'array',
    items: { type: 'object' },
    minItems: 1,
    optional: true,
    description: 'Such as [{"height": 720, "videoBitrateKbps": 3000}]; left out, the usual ones',
  },
  segmentSeconds: { type: 'number', minimum: 1, maximum: 10, default: 4, description: 'Of a segment' },
  audioBitrateKbps: { type: 'integer', minimum: 32, maximum: 512, default: 128, description: 'Of the sound' },
  speed: { type: 'string', default: 'medium', description: 'x264 preset: quicker or smaller' },
  groups: {
    type: 'integer',
    minimum: 1,
    maximum: 10,
    optional: true,
    description: 'How many jobs share the encode; left out, one for each host that encodes',
  },
} satisfies Record<string, WorkflowInput>;
