// Started by guard.mjs. Its standard input is a pipe from the process that owns the services: lines that name the
// processes to look after. When the pipe closes, the owner has gone, however it died, and what it left is stopped.
import { createInterface } from 'node:readline';
import { descendantsOf, isAlive, killAll, signal } from './processes.mjs';
import { waitFor } from './wait.mjs';

/** How long the orphans get to end by themselves. Nobody supervises them any more, so it is short. */
const GRACE_MS = 8_000;

/** @typedef {import('./processes.mjs').ProcessIdentity & { stopSignal: NodeJS.Signals }} Watched */

/** @type {Map<number, Watched>} */
const watched = new Map();
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.add) watched.set(message.add.pid, message.add);
  else watched.delete(message.remove);
}

const orphans = [...watched.values()].filter(isAlive);
const families = orphans.map((orphan) => ({ orphan, below: descendantsOf(orphan.pid) }));
for (const { pid, stopSignal } of orphans) signal(pid, stopSignal);
await waitFor(() => !orphans.some(isAlive), { timeoutMs: GRACE_MS });
for (const { orphan, below } of families) {
  await killAll([orphan, ...below, ...descendantsOf(orphan.pid)], orphan.pid);
}
