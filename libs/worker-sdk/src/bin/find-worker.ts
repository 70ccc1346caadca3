import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { WorkerError } from '../errors.js';
import type { WorkerDefinition } from '../processor.js';

const manifest = z.object({
  workspaces: z.array(z.string()).optional(),
  reelay: z.object({ worker: z.string() }).optional(),
});
type Manifest = z.infer<typeof manifest>;

const readManifest = (folder: string): Manifest | null => {
  const file = join(folder, 'package.json');
  return existsSync(file) ? manifest.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
};

/** The module that a folder's manifest names as its worker (`"reelay": {"worker": "./dist/worker.js"}`). */
const workerModule = (folder: string): string | null => {
  const worker = readManifest(folder)?.reelay?.worker;
  return worker === undefined ? null : resolve(folder, worker);
};

/**
 * The worker services to choose from: the one that is named, the one of this folder, or those of the
 * workspace that this folder is the root of.
 * @param listFolders lists the folders of a workspace pattern such as `apps/*`
 * @throws {WorkerError} when there is none
 */
export async function findWorkers(
  cwd: string,
  named: string | null,
  listFolders: (root: string, pattern: string) => string[],
): Promise<WorkerDefinition[]> {
  const modules = named !== null ? [moduleOf(resolve(cwd, named))] : modulesAround(cwd, listFolders);
  const found = modules.filter((module) => module !== null);
  if (found.length === 0) {
    throw new WorkerError('USAGE', 'no worker here: name its folder with --worker, or go to it');
  }
  return Promise.all(
    found.map(async (module) => ((await import(pathToFileURL(module).href)) as { default: WorkerDefinition }).default),
  );
}

const moduleOf = (path: string): string | null => (path.endsWith('.js') ? path : workerModule(path));

function modulesAround(cwd: string, listFolders: (root: string, pattern: string) => string[]): (string | null)[] {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const own = workerModule(folder);
    if (own !== null) return [own];
    const patterns = readManifest(folder)?.workspaces;
    if (patterns) return patterns.flatMap((pattern) => listFolders(folder, pattern)).map(workerModule);
    if (dirname(folder) === folder) return [];
  }
}
