/**
 * @typedef {object} Progress
 * @property {(line: string) => void} note writes one line
 * @property {<T>(label: string, work: () => Promise<T>) => Promise<T>} step does some work, then writes one line with its duration
 */

/** Work that takes longer than this is named before it ends, so that nobody thinks it hangs. */
const ANNOUNCE_AFTER_MS = 2_000;

/**
 * Writes what is being done, one line each, with durations.
 * @param {(line: string) => void} write
 * @returns {Progress}
 */
export function createProgress(write) {
  return {
    note: write,
    async step(label, work) {
      const start = performance.now();
      const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
      const announce = setTimeout(() => write(`${label} ...`), ANNOUNCE_AFTER_MS);
      try {
        const result = await work();
        write(`${label}: done in ${seconds()} s`);
        return result;
      } catch (error) {
        write(`${label}: failed after ${seconds()} s`);
        throw error;
      } finally {
        clearTimeout(announce);
      }
    },
  };
}

/** Progress that nobody reads. */
export const silent = createProgress(() => {});

/** Progress on standard output. */
export const toStdout = createProgress((line) => process.stdout.write(`${line}\n`));

/** Progress on standard error, for commands whose standard output is JSON. */
export const toStderr = createProgress((line) => process.stderr.write(`${line}\n`));
