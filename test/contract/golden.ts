import { readdirSync, readFileSync } from 'node:fs';
import { backendBindings } from '@reelay/contracts';

const folder = new URL('golden/', import.meta.url);

/** A message as it stands on the wire. */
export type Wire = Record<string, unknown>;

/** The names of all golden messages. */
export const goldenNames = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

/** A golden message. */
export const golden = (name: string): Wire => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Wire;

/** What arrives of a message that is sent: its JSON. */
export const onTheWire = (content: unknown): unknown => JSON.parse(JSON.stringify(content));

/** The backend's queues that get what is published to an exchange under a key. */
export const queuesFor = (exchange: string, key: string): string[] =>
  backendBindings.filter((binding) => binding.exchange === exchange && binding.key === key).map(({ queue }) => queue);

/** The worker that sends the golden messages. */
export const INSTANCE_ID = '3d72d72cc23d';
/** The job that the golden messages are about. */
export const JOB_ID = '770e8400-e29b-41d4-a716-446655440002';
