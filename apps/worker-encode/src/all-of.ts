import pMap from 'p-map';

/**
 * Does the same to all items, a few at a time. When one fails, or `signal` is aborted, the others are stopped as well
 * and waited for: no ffmpeg outlives its job.
 * @param work stops when its signal is aborted
 * @returns what it gave for each, in the order of the items
 * @throws what the first one threw that failed
 */
export async function allOf<T, R>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, index: number, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const each = async (item: T, index: number): Promise<R> => {
    try {
      either.throwIfAborted();
      return await work(item, index, either);
    } catch (error) {
      failing.abort(error);
      throw error;
    }
  };
  try {
    return await pMap(items, each, { concurrency: atOnce, stopOnError: false });
  } catch (error) {
    // In the order in which they failed.
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
