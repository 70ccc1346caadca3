import { messageOf } from './tool-error.mjs';
import { sleep } from './wait.mjs';

/** A dead part comes back after this. */
const RESTART_AFTER_MS = 1_000;

/**
 * @typedef {import('./service.mjs').Service} Service
 *
 * @typedef {object} Part Something that is kept running.
 * @property {string} name
 * @property {string} role
 * @property {number} replica
 * @property {string} log
 * @property {number} stopGraceMs
 * @property {() => Promise<Service>} start settles when it can be used
 *
 * @typedef {object} SupervisedPart
 * @property {Part} part
 * @property {() => Service | undefined} current the running service; undefined while it is down
 * @property {() => number} deaths how often it ended without being asked to, or failed to start
 * @property {() => Promise<void>} start the first start; a failure of it is thrown
 * @property {() => Promise<void>} stop ends it for good
 * @property {() => Promise<void>} kill ends it for good, at once
 */

/**
 * Keeps a part running: one that ends without being asked to is started again.
 * @param {Part} part
 * @param {{ restart: boolean, onChange: () => void, onDeath: (part: Part, how: string) => void }} options
 * @returns {SupervisedPart}
 */
export function supervise(part, { restart, onChange, onDeath }) {
  /** @type {Service | undefined} */
  let service;
  let deaths = 0;
  let wanted = true;
  /** @type {Promise<void>} */
  let starting = Promise.resolve();

  const start = async () => {
    const started = await part.start();
    service = started;
    onChange();
    void started.exited.then((how) => {
      service = undefined;
      onChange();
      if (wanted) died(how);
    });
  };
  /** @param {string} how */
  const died = (how) => {
    deaths += 1;
    onDeath(part, how);
    if (restart) void startAgain();
  };
  const startAgain = async () => {
    await sleep(RESTART_AFTER_MS);
    if (!wanted) return;
    starting = start().catch((error) => died(messageOf(error)));
  };
  const end = async (/** @type {(running: Service) => Promise<void>} */ how) => {
    wanted = false;
    await starting.catch(() => {});
    if (service) await how(service);
  };

  return {
    part,
    current: () => service,
    deaths: () => deaths,
    start: () => (starting = start()),
    stop: () => end((running) => running.stop(part.stopGraceMs)),
    kill: () => end((running) => running.kill()),
  };
}
