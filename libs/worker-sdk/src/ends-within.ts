/** Waits for a promise, but no longer than this; says whether it ended. */
export async function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  const ended = await Promise.race([promise.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
