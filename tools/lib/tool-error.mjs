/** A failure that the person at the keyboard can act upon: what went wrong, then what to do next. */
export class ToolError extends Error {
  /**
   * @param {string} problem what went wrong
   * @param {{ hint?: string, cause?: unknown }} [options] `hint` says what to do next
   */
  constructor(problem, { hint, cause } = {}) {
    super(hint ? `${problem}\n  -> ${hint}` : problem, { cause });
    this.name = 'ToolError';
  }
}

/**
 * The message of whatever was thrown.
 * @param {unknown} error
 * @returns {string}
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Runs a command's main function; an error ends the process with code 1 and its message instead of a stack.
 * @param {() => Promise<unknown>} main
 */
export function runMain(main) {
  // Whoever reads the output may stop reading, as `head` does; the work goes on.
  process.stdout.on('error', () => {});
  main().catch((error) => {
    const expected = error instanceof ToolError;
    process.stderr.write(`${expected ? error.message : (error?.stack ?? error)}\n`);
    process.exit(1);
  });
}
