import { createLogger } from '@reelay/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Batch } from './batch.js';
import { UnreadableMessageError } from './errors.js';

class StoreAway extends Error {}

/** A store that writes down what it is given, and fails as it is told. */
class Store {
  readonly calls: string[][] = [];
  private failures: (Error | null)[] = [];
  private gate: Promise<void> | null = null;

  constructor(private readonly poison: readonly string[] = []) {}

  failNext(...failures: (Error | null)[]): void {
    this.failures.push(...failures);
  }

  /** Holds the calls that follow until the returned function is called. */
  hold(): () => void {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => {
      this.gate = null;
      open();
    };
  }

  readonly apply = async (items: readonly string[]): Promise<void> => {
    this.calls.push([...items]);
    await this.gate;
    const failure = this.failures.shift();
    if (failure) throw failure;
    const bad = items.find((item) => this.poison.includes(item));
    if (bad !== undefined) throw new Error(`no room for ${bad}`);
  };
}

const batchInto = (store: Store, maxSize = 10): Batch<string> =>
  new Batch({
    maxSize,
    apply: store.apply,
    isTransient: (error) => error instanceof StoreAway,
    logger: createLogger({ name: 'spec', level: 'silent' }),
  });

/** What became of each item, in the order in which they were settled. */
function follow(batch: Batch<string>, ...items: string[]): string[] {
  const settled: string[] = [];
  for (const item of items) {
    batch.add(item).then(
      () => settled.push(item),
      (error: unknown) => settled.push(`${item}: ${(error as Error).message}`),
    );
  }
  return settled;
}

describe('Batch', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const settle = (): Promise<unknown> => vi.runAllTimersAsync();

  it('applies what arrives in one turn together, in its order', async () => {
    const store = new Store();
    const settled = follow(batchInto(store), 'a', 'b', 'c');
    await settle();
    expect(store.calls).toEqual([['a', 'b', 'c']]);
    expect(settled).toEqual(['a', 'b', 'c']);
  });

  it('collects what arrives while one batch is applied for the next', async () => {
    const store = new Store();
    const batch = batchInto(store);
    const open = store.hold();
    const first = follow(batch, 'a');
    await settle();
    const second = follow(batch, 'b', 'c');
    await settle();
    expect(store.calls).toEqual([['a']]);
    open();
    await settle();
    expect(store.calls).toEqual([['a'], ['b', 'c']]);
    expect([first, second]).toEqual([['a'], ['b', 'c']]);
  });

  it('settles an item only when its batch is committed', async () => {
    const store = new Store();
    const open = store.hold();
    const settled = follow(batchInto(store), 'a');
    await settle();
    expect(settled).toEqual([]);
    open();
    await settle();
    expect(settled).toEqual(['a']);
  });

  it('never applies more than its size together', async () => {
    const store = new Store();
    const settled = follow(batchInto(store, 2), 'a', 'b', 'c', 'd', 'e');
    await settle();
    expect(store.calls).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(settled).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('works again after it was idle', async () => {
    const store = new Store();
    const batch = batchInto(store);
    follow(batch, 'a');
    await settle();
    follow(batch, 'b');
    await settle();
    expect(store.calls).toEqual([['a'], ['b']]);
  });

  it('applies the same items again, and only those, for as long as the store is away', async () => {
    const store = new Store();
    const batch = batchInto(store);
    store.failNext(...Array.from({ length: 20 }, () => new StoreAway('away')));
    const settled = follow(batch, 'a', 'b');
    await vi.advanceTimersByTimeAsync(0);
    settled.push(...follow(batch, 'late'));
    await settle();
    expect(store.calls.slice(0, 21)).toEqual(Array.from({ length: 21 }, () => ['a', 'b']));
    expect(store.calls.slice(21)).toEqual([['late']]);
    expect(settled).toEqual(['a', 'b']);
  });

  it('rejects an item that the store refuses, and only that one', async () => {
    const store = new Store(['b']);
    const settled = follow(batchInto(store), 'a', 'b', 'c');
    await settle();
    expect(settled).toEqual(['a', 'b: refused by the store: no room for b', 'c']);
    expect(store.calls).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
  });

  it('says why it rejects, as a message that can never be handled', async () => {
    const store = new Store(['a']);
    const rejection = expect(batchInto(store).add('a')).rejects;
    await Promise.all([
      rejection.toBeInstanceOf(UnreadableMessageError),
      rejection.toMatchObject({ code: 'MESSAGE_UNREADABLE', cause: new Error('no room for a') }),
      settle(),
    ]);
  });

  it('waits for the store while it looks for the item that is refused', async () => {
    const store = new Store(['b']);
    store.failNext(null, new StoreAway('away'), null, new StoreAway('away'));
    const settled = follow(batchInto(store), 'a', 'b');
    await settle();
    expect(store.calls).toEqual([['a', 'b'], ['a'], ['a'], ['b'], ['b']]);
    expect(settled).toEqual(['a', 'b: refused by the store: no room for b']);
  });

  it('goes on with the next batch after one was refused', async () => {
    const store = new Store(['a']);
    const settled = follow(batchInto(store, 1), 'a', 'b');
    await settle();
    expect(settled).toEqual(['a: refused by the store: no room for a', 'b']);
  });
});
