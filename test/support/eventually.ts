const DEFAULT_WITHIN_MS = 20_000;
const STEP_MS = 50;

/**
 * Waits until a check gives something other than false, null or undefined, and returns that.
 * @throws {Error} naming what was waited for, after `withinMs`
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T> | T,
  withinMs = DEFAULT_WITHIN_MS,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== false && value !== null && value !== undefined) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${String(withinMs)} ms for: ${what} (last: ${seen})`);
    }
    await sleep(STEP_MS);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
