import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckWindow } from './ack-window.js';
import type { Delivery } from './consumer.js';

/** The broker's side of one channel: which deliveries are settled, and by how many frames. */
class Channel {
  readonly frames: number[] = [];
  readonly settled = new Set<number>();

  deliver(tag: number): Delivery {
    return {
      message: { fields: { deliveryTag: tag } } as Delivery['message'],
      ack: () => {
        throw new Error('the window acknowledges in runs');
      },
      ackUpToHere: () => {
        this.frames.push(tag);
        for (let earlier = 1; earlier <= tag; earlier++) this.settled.add(earlier);
      },
      nack: () => {
        this.settled.add(tag);
      },
    };
  }
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function open(count: number): { channel: Channel; window: AckWindow; entries: ReturnType<AckWindow['enter']>[] } {
  const channel = new Channel();
  const window = new AckWindow();
  const entries = Array.from({ length: count }, (_, index) => window.enter(channel.deliver(index + 1)));
  return { channel, window, entries };
}

describe('AckWindow', () => {
  it('settles a run by one frame', async () => {
    const { channel, window, entries } = open(5);
    for (const { done } of entries) done();
    await turnOfTheLoop();
    expect(channel.frames).toEqual([5]);
    expect(window.size).toBe(0);
  });

  it('settles only what has nothing open before it', async () => {
    const { channel, window, entries } = open(4);
    entries[0]!.done();
    entries[1]!.done();
    entries[3]!.done();
    await turnOfTheLoop();
    expect(channel.frames).toEqual([2]);
    expect(window.size).toBe(2);
    entries[2]!.done();
    await turnOfTheLoop();
    expect(channel.frames).toEqual([2, 4]);
    expect(window.size).toBe(0);
  });

  it('sends nothing while the oldest is open', async () => {
    const { channel, entries } = open(3);
    entries[2]!.done();
    entries[1]!.done();
    await turnOfTheLoop();
    expect(channel.frames).toEqual([]);
  });

  it('lets one that was settled otherwise go, and with it what waited behind', async () => {
    const { channel, window, entries } = open(3);
    entries[1]!.done();
    entries[2]!.done();
    await turnOfTheLoop();
    entries[0]!.leave();
    await turnOfTheLoop();
    expect(channel.frames).toEqual([3]);
    expect(window.size).toBe(0);
  });

  it('sends nothing for one that left alone', async () => {
    const { channel, window, entries } = open(1);
    entries[0]!.leave();
    await turnOfTheLoop();
    expect(channel.frames).toEqual([]);
    expect(window.size).toBe(0);
  });

  it('never settles a delivery that is neither done nor gone, in whatever order they end', async () => {
    const endings = fc.array(fc.constantFrom('done', 'leave', 'open'), { minLength: 1, maxLength: 12 });
    const script = endings.chain((kinds) =>
      fc.record({
        kinds: fc.constant(kinds),
        order: fc.shuffledSubarray([...kinds.keys()], { minLength: kinds.length }),
        pauses: fc.array(fc.boolean(), { minLength: kinds.length, maxLength: kinds.length }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(script, async ({ kinds, order, pauses }) => {
        const { channel, window, entries } = open(kinds.length);
        for (const index of order) {
          const kind = kinds[index]!;
          if (kind !== 'open') entries[index]![kind]();
          if (pauses[index]) await turnOfTheLoop();
        }
        await turnOfTheLoop();
        const firstOpen = kinds.indexOf('open');
        const prefix = firstOpen === -1 ? kinds : kinds.slice(0, firstOpen);
        expect(channel.frames.at(-1) ?? 0).toBe(prefix.lastIndexOf('done') + 1);
        expect([...channel.frames].sort((a, b) => a - b)).toEqual(channel.frames);
        expect(window.size).toBe(kinds.slice(prefix.length).filter((kind) => kind !== 'leave').length);
      }),
    );
  });
});
