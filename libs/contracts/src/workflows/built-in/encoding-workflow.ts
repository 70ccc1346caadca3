import type { WorkflowStep, WorkflowTemplateSource } from '../template.js';
import { ladderInput } from './ladder-input.js';

type StepSource = Omit<WorkflowStep, 'needs' | 'onError' | 'parameters'> & Partial<WorkflowStep>;

/** Reading the video that was downloaded, or is in the library. */
const theVideo = {
  videoId: '${if(input.url != null, null, input.videoId)}',
  inputPath: '${coalesce(steps.download.result.outputPath, input.inputPath)}',
};

/** From what was asked for to a video that is known. */
const SOURCE_STEPS: readonly StepSource[] = [
  {
    id: 'download',
    description: 'Fetches the video, where a URL was given',
    job: 'download',
    when: '${input.url != null}',
    parameters: { url: '${input.url}', checksum: '${input.checksum}' },
  },
  {
    id: 'probe',
    description: 'Finds out what the video is, and how large',
    job: 'probe',
    parameters: theVideo,
  },
];

/**
 * The steps from a video to a package for players of HLS and DASH.
 * @param perTitle whether the video decides its bitrates: an expression, or a value
 * @param publishTo the folder that segments appear in while they are made, as an expression; null for none
 */
function ladderSteps(perTitle: unknown, publishTo: string | null): StepSource[] {
  return [
    ...SOURCE_STEPS,
    {
      id: 'plan',
      description: 'Computes the target sizes and bitrates of the ladder',
      job: 'plan_ladder',
      needs: ['probe'],
      parameters: {
        ...theVideo,
        renditions: '${input.renditions}',
        segmentSeconds: '${input.segmentSeconds}',
        audioBitrateKbps: '${input.audioBitrateKbps}',
        perTitle,
        // Encoders of one host would decode the same video side by side: they share one decode.
        groups: '${coalesce(input.groups, max(1, min(10, fleet.hosts.encode_rendition)))}',
      },
    },
    {
      id: 'encode',
      description: 'Transcodes renditions, side by side, and cuts them into segments',
      job: 'encode_rendition',
      forEach: '${steps.plan.result.groups}',
      parameters: {
        inputPath: '${steps.plan.result.source.path}',
        renditions: '${item.renditions}',
        audio: '${item.audio}',
        frameRate: '${steps.plan.result.frameRate}',
        gopFrames: '${steps.plan.result.gopFrames}',
        speed: '${input.speed}',
        outputPath: 'work/${workflow.id}-${item.name}',
        ...(publishTo === null ? {} : { publishTo }),
      },
    },
    {
      id: 'package',
      description: 'Joins the branches: playlists and a manifest for the same segments, verified',
      job: 'package_hls_dash',
      parameters: {
        parts: '${steps.encode.results[*].path}',
        outputPath: '${input.outputPath}',
        ...(publishTo === null ? {} : { progressive: '${input.progressive}' }),
      },
    },
    {
      id: 'clean_up',
      description: 'Removes what the steps handed to each other',
      job: 'delete_output',
      needs: ['package'],
      onError: 'continue',
      parameters: { paths: '${steps.encode.results[*].path}' },
    },
  ];
}

/** What a finished ladder answers. */
const ladderOutput = {
  path: '${steps.package.result.path}',
  masterPath: '${steps.package.result.masterPath}',
  manifestPath: '${steps.package.result.manifestPath}',
  durationSeconds: '${steps.package.result.durationSeconds}',
  renditions: '${steps.package.result.renditions}',
  notes: '${steps.plan.result.notes}',
};

const outputPath = {
  type: 'string',
  optional: true,
  description: 'A folder of packages/, such as packages/film; left out, one named after the video',
} as const;

/** A video as a ladder of renditions, packaged for players of HLS and DASH. */
export const encodingWorkflow: WorkflowTemplateSource = {
  name: 'encoding_workflow',
  description:
    'Makes a ladder of a video, which is downloaded where a URL is given: renditions are encoded side by side, and packaged ' +
    'with one set of segments for players of HLS and of DASH. With progressive, players can begin while it is made.',
  input: {
    ...ladderInput,
    perTitle: { type: 'boolean', default: false, description: 'Whether the video decides its bitrates' },
    outputPath,
    progressive: {
      type: 'boolean',
      default: false,
      description: 'Whether the package grows at outputPath while it is made; that must be given then',
    },
  },
  steps: ladderSteps('${input.perTitle}', '${if(input.progressive, input.outputPath, null)}'),
  output: ladderOutput,
};

/** The same with bitrates that follow the video, and what was found. */
export const perTitleLadder: WorkflowTemplateSource = {
  name: 'per_title_ladder',
  description:
    'Looks at how hard a video is to encode, chooses bitrates by that and leaves out renditions that bring nothing; then makes ' +
    'and packages the ladder. The output says what was found and decided.',
  input: { ...ladderInput, outputPath },
  steps: ladderSteps(true, null),
  output: { ...ladderOutput, perTitle: '${steps.plan.result.perTitle}' },
};
