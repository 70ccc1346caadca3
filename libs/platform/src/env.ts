import { z } from 'zod';
import { AddressGuard } from './address-guard.js';

/** Thrown at boot when the environment is unfit; names the variables and never shows a value. */
export class EnvError extends Error {
  readonly code = 'ENV_INVALID';
  constructor(
    readonly variables: readonly string[],
    detail: string,
  ) {
    super(`Bad environment. ${detail}`);
    this.name = 'EnvError';
  }
}

/**
 * Reads a process's settings from the environment. An empty variable counts as one that is not set.
 * @throws {EnvError} listing each unfit variable by name.
 */
export function parseEnv<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv = process.env): z.output<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given, { error: describeAbsence });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => ({ name: issue.path.join('.'), message: issue.message }));
  throw new EnvError(
    [...new Set(faults.map(({ name }) => name))],
    faults.map(({ name, message }) => `${name}: ${message}`).join('; '),
  );
}

/** Messages of zod name what was expected and never quote what was given; only absence reads badly. */
const describeAbsence = (issue: { input?: unknown }): string | undefined =>
  issue.input === undefined ? 'is required' : undefined;

const truthy = ['1', 'true', 'yes', 'on'];
const falsy = ['0', 'false', 'no', 'off'];

/** A variable that switches something: 1/0, true/false, yes/no, on/off. */
export const envFlag = z
  .enum([...truthy, ...falsy] as [string, ...string[]])
  .transform((value) => truthy.includes(value));

/** A variable that holds a whole number within bounds. */
export const envInt = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** `LOG_LEVEL`, shared by every process. */
export const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info');

/**
 * A variable that lists the hosts, addresses and networks that may be connected to though they are not public,
 * separated by commas. Left out, none is.
 */
export const allowedAddresses = z
  .string()
  .transform((list, context) => {
    const entries = list.split(',').map((entry) => entry.trim());
    try {
      return new AddressGuard(entries);
    } catch {
      context.addIssue('must list host names, addresses and networks (10.1.0.0/16), separated by commas');
      return z.NEVER;
    }
  })
  .default(() => new AddressGuard());
