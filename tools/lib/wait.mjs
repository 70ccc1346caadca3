/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks again and again until the answer is truthy.
 * @template T
 * @param {() => T | Promise<T>} ask
 * @param {{ timeoutMs: number, intervalMs?: number }} options
 * @returns {Promise<Awaited<T> | undefined>} the first truthy answer, or undefined when the time is over
 */
export async function waitFor(ask, { timeoutMs, intervalMs = 50 }) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() >= deadline) return undefined;
    await sleep(intervalMs);
  }
}
