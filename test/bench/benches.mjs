/**
 * What a measurement gets.
 * @typedef {object} Context
 * @property {string} apiUrl
 * @property {string} token
 * @property {string} amqpUrl
 * @property {string} databaseUrl
 * @property {Awaited<ReturnType<typeof import('./bare-loop.mjs').startBareLoop>>} bare
 * @property {NodeJS.ProcessEnv} media what a worker that handles media is told
 * @property {string} dataDir
 * @property {{ backend: number, worker: number }} pids
 * @property {number} samples jobs that are timed one after the other
 * @property {number} jobs jobs of each run under load
 * @property {number} seconds how long a paced run lasts
 * @property {number} files of a folder that is scanned
 *
 * @typedef {(context: Context) => Promise<import('./figures.mjs').Figure[]>} Measure
 *
 * @typedef {object} Bench
 * @property {string} name
 * @property {string} what
 * @property {() => Promise<{ measure: Measure }>} load reads its module, which needs packages: so that a list needs none
 */

/** Every measurement, in the order in which they run: memory first, on a backend that is fresh. @type {readonly Bench[]} */
export const BENCHES = [
  {
    name: 'memory',
    what: 'resident memory of the backend and of a worker before, during and after a load',
    load: () => import('./memory.mjs'),
  },
  {
    name: 'idle-latency',
    what: 'from POST to completed, one job at a time',
    load: () => import('./idle-latency.mjs'),
  },
  {
    name: 'throughput',
    what: 'jobs a second from accept to completed, bulk and single submits',
    load: () => import('./throughput.mjs'),
  },
  {
    name: 'half-load',
    what: 'from POST to completed at half of the throughput, at a steady pace',
    load: () => import('./half-load.mjs'),
  },
  {
    name: 'million',
    what: 'lists, figures and dispatch with a million jobs in the table, beside a thousand',
    load: () => import('./million.mjs'),
  },
  {
    name: 'encode',
    what: 'an encode beside the same ffmpeg command; a remux and an accurate trim beside an encode',
    load: () => import('./encode.mjs'),
  },
  {
    name: 'scan',
    what: 'the second scan of a folder beside the first',
    load: () => import('./scan.mjs'),
  },
  {
    name: 'ladder',
    what: 'a packaged ladder beside one ffmpeg command; how soon a progressive one can be played',
    load: () => import('./ladder.mjs'),
  },
  {
    name: 'chunks',
    what: 'a chunked encode by one replica beside two',
    load: () => import('./chunks.mjs'),
  },
];
