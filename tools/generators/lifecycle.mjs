import { TRANSITIONS } from '../../libs/domain/dist/index.js';

/** The life of a job as a diagram, from the transition table. */
export function lifecyclePage() {
  const arrows = Object.entries(TRANSITIONS).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => `  ${from} --> ${to}: ${event}`),
  );
  return [
    '# The life of a job',
    '',
    'Generated from the transition table by `npm run generate`.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> pending',
    ...arrows,
    '  completed --> [*]',
    '```',
    '',
  ].join('\n');
}
