// Makes the change that REELAY_ABLATION names in this process and its children: NODE_OPTIONS=--import=<this file>
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { ablated } from './ablations.mjs';

const name = process.env.REELAY_ABLATION;

// Node loads this file again, as the hooks, in a thread of its own.
if (isMainThread && name) register(import.meta.url);

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!name || !url.startsWith('file:') || loaded.format !== 'module') return loaded;
  const source = ablated(name, fileURLToPath(url), String(loaded.source));
  return source === null ? loaded : { ...loaded, source };
}
