import { DEFAULT_PRESET } from '../../job-types/transcode.js';
import type { WorkflowTemplateSource } from '../template.js';

/** One film encoded by many workers at once. */
export const chunkedEncode: WorkflowTemplateSource = {
  name: 'chunked_encode',
  description:
    'Encodes a film in chunks that many workers share, and joins them frame for frame. A worker that is lost, or a pause, ' +
    'costs one chunk and not the film.',
  input: {
    videoId: { type: 'string', format: 'uuid', optional: true, description: 'A video of the library' },
    inputPath: { type: 'string', optional: true, description: 'Instead: a file of the library' },
    preset: { type: 'string', default: DEFAULT_PRESET, description: "A preset's name, or name@version" },
    overrides: { type: 'object', optional: true, description: "Changes to the preset's settings" },
    chunkSeconds: { type: 'number', minimum: 2, maximum: 600, default: 30, description: 'Of a chunk, about' },
    outputPath: { type: 'string', optional: true, description: 'Left out, a name that is free is chosen' },
  },
  steps: [
    {
      id: 'segment',
      description: 'Finds where the film can be cut',
      job: 'segment',
      parameters: {
        videoId: '${input.videoId}',
        inputPath: '${input.inputPath}',
        chunkSeconds: '${input.chunkSeconds}',
      },
    },
    {
      id: 'encode',
      description: 'Encodes the chunks, on as many workers as there are',
      job: 'encode_chunk',
      forEach: '${steps.segment.result.chunks}',
      parameters: {
        videoId: '${input.videoId}',
        inputPath: '${input.inputPath}',
        chunk: '${item}',
        preset: '${input.preset}',
        overrides: '${input.overrides}',
        outputPath: 'work/${workflow.id}-chunk-${index}.mp4',
      },
    },
    {
      id: 'join',
      description: 'Joins the chunks, makes the sound once, and compares the whole with the film',
      job: 'concat_chunks',
      parameters: {
        videoId: '${input.videoId}',
        inputPath: '${input.inputPath}',
        parts: '${steps.encode.results[*].outputPath}',
        // name@version: a preset that is changed meanwhile changes nothing here.
        preset: '${steps.encode.results[0].preset}',
        overrides: '${input.overrides}',
        outputPath: '${input.outputPath}',
      },
    },
    {
      id: 'clean_up',
      description: 'Removes the chunks',
      job: 'delete_output',
      needs: ['join'],
      onError: 'continue',
      parameters: { paths: '${steps.encode.results[*].outputPath}' },
    },
  ],
  output: {
    path: '${steps.join.result.outputPath}',
    preset: '${steps.join.result.preset}',
    frames: '${steps.join.result.frames}',
    chunks: '${length(steps.segment.result.chunks)}',
  },
};
