import { rmSync } from 'node:fs';
import { silent } from './progress.mjs';
import { stackFiles, writeProcesses } from './stack-files.mjs';
import { supervise } from './supervise.mjs';

/**
 * @typedef {import('./supervise.mjs').Part} Part
 * @typedef {import('./supervise.mjs').SupervisedPart} SupervisedPart
 * @typedef {import('./stack-files.mjs').ProcessEntry} ProcessEntry
 * @typedef {ReturnType<typeof createCrew>} Crew
 */

/**
 * All supervised parts of a stack, and the file that lists their processes.
 * @param {string} dataDir
 * @param {{ restart?: boolean, progress?: import('./progress.mjs').Progress, signal?: AbortSignal }} options
 */
export function createCrew(dataDir, { restart = true, progress = silent, signal }) {
  /** @type {SupervisedPart[]} */
  const members = [];
  /** @type {Promise<void> | undefined} */
  let stopping;
  const processes = () => members.flatMap(entriesOf);
  const leave = () => {
    writeProcesses(dataDir, processes());
    rmSync(stackFiles(dataDir).owner, { force: true });
  };
  const stopAll = async () => {
    const [apps, servers] = [members.filter(isApp), members.filter((member) => !isApp(member))];
    await Promise.all(apps.map((member) => member.stop()));
    // The broker is the last that was added, and goes before the database.
    for (const member of servers.reverse()) await member.stop();
    leave();
  };
  return {
    members,
    processes,
    /** @param {Part} part */
    async add(part) {
      signal?.throwIfAborted();
      const member = supervise(part, {
        restart,
        onChange: () => writeProcesses(dataDir, processes()),
        onDeath: ({ name }, how) => progress.note(`${name} ${how}${restart ? '; it is started again' : ''}`),
      });
      members.push(member);
      await member.start();
    },
    stop: () => (stopping ??= stopAll()),
    async killAll() {
      await Promise.all(members.map((member) => member.kill()));
      leave();
    },
  };
}

/** @param {SupervisedPart} member */
const isApp = ({ part }) => part.role !== 'postgres' && part.role !== 'rabbitmq';

/** @param {SupervisedPart} member @returns {ProcessEntry[]} */
function entriesOf({ part: { name, role, replica, log }, current }) {
  const service = current();
  if (!service) return [];
  const entry = { name, role, replica, pid: service.pid, log, started: service.started };
  const epmd = 'epmd' in service ? /** @type {import('./rabbitmq.mjs').Rabbitmq} */ (service).epmd : undefined;
  return epmd ? [entry, { ...entry, name: 'epmd', role: 'epmd', ...epmd }] : [entry];
}
