import { workflowTemplate, type WorkflowTemplate, type WorkflowTemplateSource } from '../template.js';
import { chunkedEncode } from './chunked-encode.js';
import { encodingWorkflow, perTitleLadder } from './encoding-workflow.js';
import { ingest } from './ingest.js';
import { transcodeAndThumbnail } from './transcode-and-thumbnail.js';

/** A template that Reelay ships. Its version rises whenever it changes. */
export interface BuiltInTemplate {
  readonly version: number;
  readonly definition: WorkflowTemplate;
}

const shipped: readonly (readonly [version: number, source: WorkflowTemplateSource])[] = [
  [1, chunkedEncode],
  [1, encodingWorkflow],
  [1, ingest],
  [1, perTitleLadder],
  [1, transcodeAndThumbnail],
];

/** The templates that Reelay ships, by name. */
export const BUILT_IN_TEMPLATES: ReadonlyMap<string, BuiltInTemplate> = new Map(
  shipped.map(([version, source]) => [source.name, { version, definition: workflowTemplate.parse(source) }]),
);
