import type { Access } from './access.js';
import { limitArgv, type Limits } from './limits.js';
import { sandboxArgv, type Sandbox } from './sandbox.js';

/** How the tools of a service are started. */
export interface Launch {
  /** All that a tool sees of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Null where tools run without one. */
  readonly sandbox: Sandbox | null;
  /**
   * The argv that makes the kernel kill a tool when the service dies, even by SIGKILL; empty where the system has no
   * means for it. The sandbox does it on its own.
   */
  readonly parentDeath: readonly string[];
  readonly limits: Limits;
  /** The library, with all links followed. */
  readonly libraryRoots: readonly string[];
}

/** The whole argv that starts a tool. */
export function launchArgv(launch: Launch, argv: readonly string[], access: Access): string[] {
  const { sandbox, parentDeath, limits, env } = launch;
  const confined = sandbox === null ? parentDeath : sandboxArgv(sandbox, access, env.LD_LIBRARY_PATH ?? null);
  return [...limitArgv(limits), ...confined, ...argv];
}

/** The variables that a tool gets; whatever else the service's environment holds (secrets) it does not. */
const PASSED_VARIABLES = ['PATH', 'LD_LIBRARY_PATH', 'LANG', 'HOME', 'TMPDIR'] as const;

/** What of an environment a tool gets to see. */
export const toolEnvironment = (env: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(PASSED_VARIABLES.flatMap((name) => (typeof env[name] === 'string' ? [[name, env[name]]] : [])));
