import type { OutgoingMessage, PublishOutcome } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbox, type AnswerPublisher } from './outbox.js';

/** A broker that takes messages unless it is told not to. */
class Broker implements AnswerPublisher {
  readonly attempts: string[] = [];
  readonly taken: string[] = [];
  private readonly refusals: string[] = [];
  private away: Promise<void> | null = null;

  /** Refuses the next message of this name, once for each time it is named. */
  refuse(...names: string[]): void {
    this.refusals.push(...names);
  }

  /** Waits until so many messages were given to it; none of these is confirmed yet. */
  async wasAsked(count: number): Promise<void> {
    while (this.attempts.length < count) await Promise.resolve();
  }

  /** Goes away until the returned function is called. */
  leave(): () => void {
    let comeBack = (): void => undefined;
    this.away = new Promise((resolve) => {
      comeBack = resolve;
    });
    return () => {
      this.away = null;
      comeBack();
    };
  }

  async whenReady(): Promise<void> {
    await this.away;
  }

  publish({ content }: OutgoingMessage): Promise<PublishOutcome> {
    const name = content as string;
    this.attempts.push(name);
    const refusal = this.refusals.indexOf(name);
    if (refusal >= 0) {
      this.refusals.splice(refusal, 1);
      return Promise.reject(new Error(`${name} was not confirmed`));
    }
    this.taken.push(name);
    return Promise.resolve('routed');
  }
}

const message = (name: string): OutgoingMessage => ({ exchange: 'job_response', routingKey: 'job_log', content: name });

function sendingTo(broker: Broker): { outbox: Outbox; send: (...names: string[]) => void } {
  const outbox = new Outbox(broker, createLogger({ name: 'spec', level: 'silent' }));
  const send = (...names: string[]): void => {
    for (const name of names) outbox.send(message(name));
  };
  return { outbox, send };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const drained = async (outbox: Outbox): Promise<void> => {
  await Promise.all([outbox.drained(), vi.runAllTimersAsync()]);
};

describe('Outbox', () => {
  it('sends in order', async () => {
    const broker = new Broker();
    const { outbox, send } = sendingTo(broker);
    const names = Array.from({ length: 1_200 }, (_, index) => String(index));
    send(...names);
    await drained(outbox);
    expect(broker.taken).toEqual(names);
  });

  it('keeps everything, in order, while the broker is away', async () => {
    const broker = new Broker();
    const comeBack = broker.leave();
    const { outbox, send } = sendingTo(broker);
    send('a', 'b');
    await vi.advanceTimersByTimeAsync(60_000);
    send('c');
    expect(broker.attempts).toEqual([]);
    comeBack();
    await drained(outbox);
    expect(broker.taken).toEqual(['a', 'b', 'c']);
  });

  it('sends again what was not confirmed, before what came later', async () => {
    const broker = new Broker();
    broker.refuse('a', 'b', 'b');
    const { outbox, send } = sendingTo(broker);
    send('a', 'b');
    await broker.wasAsked(2);
    send('c');
    await drained(outbox);
    expect(broker.attempts).toEqual(['a', 'b', 'a', 'b', 'c', 'b']);
    expect(broker.taken).toEqual(['a', 'c', 'b']);
  });

  it('is drained when all was confirmed, and not before', async () => {
    const broker = new Broker();
    const comeBack = broker.leave();
    const { outbox, send } = sendingTo(broker);
    send('a');
    let done = false;
    void outbox.drained().then(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toBe(false);
    comeBack();
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toBe(true);
    expect(broker.taken).toEqual(['a']);
  });

  it('says of a message that has to be delivered when the broker has it, and not before', async () => {
    const broker = new Broker();
    broker.refuse('final answer');
    const { outbox } = sendingTo(broker);
    let delivered = false;
    void outbox.deliver(message('final answer')).then(() => {
      delivered = true;
    });
    await broker.wasAsked(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(delivered).toBe(false);
    await drained(outbox);
    expect([delivered, broker.attempts]).toEqual([true, ['final answer', 'final answer']]);
  });

  it('is drained at once when nothing was sent', async () => {
    await sendingTo(new Broker()).outbox.drained();
  });

  it('sends what comes at any moment of the end of its work', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const broker = new Broker();
      const { outbox, send } = sendingTo(broker);
      send('a');
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      send('b');
      await drained(outbox);
      expect(broker.taken).toEqual(['a', 'b']);
    }
  });
});

describe('a message with a key', () => {
  const progression = { replaceKey: 'progression 7' };

  it('replaces the one that waits, at its place', async () => {
    const broker = new Broker();
    const comeBack = broker.leave();
    const { outbox, send } = sendingTo(broker);
    send('claim');
    await vi.advanceTimersByTimeAsync(1);
    outbox.send(message('10 %'), progression);
    outbox.send(message('other job'), { replaceKey: 'progression 8' });
    send('log');
    outbox.send(message('20 %'), progression);
    comeBack();
    await drained(outbox);
    expect(broker.taken).toEqual(['claim', '20 %', 'other job', 'log']);
  });

  it('is never overtaken by an older one that has to be sent again', async () => {
    const broker = new Broker();
    broker.refuse('10 %');
    const { outbox } = sendingTo(broker);
    outbox.send(message('10 %'), progression);
    await broker.wasAsked(1);
    outbox.send(message('20 %'), progression);
    await vi.advanceTimersByTimeAsync(1);
    outbox.send(message('30 %'), progression);
    await drained(outbox);
    expect(broker.taken.at(-1)).toBe('30 %');
    expect([...broker.taken].sort()).toEqual(broker.taken);
  });
});

describe('when too much waits', () => {
  it('log lines go, the oldest first, and answers stay', async () => {
    const broker = new Broker();
    const comeBack = broker.leave();
    const { outbox, send } = sendingTo(broker);
    send('first answer');
    outbox.send(message('old line'), { droppable: true });
    outbox.send(message('new line'), { droppable: true });
    const answers = Array.from({ length: 9_998 }, (_, index) => `answer ${String(index)}`);
    send(...answers);
    comeBack();
    await drained(outbox);
    expect(broker.taken).toEqual(['first answer', 'new line', ...answers]);
  });

  it('answers stay, however many there are', async () => {
    const broker = new Broker();
    const comeBack = broker.leave();
    const { outbox, send } = sendingTo(broker);
    const answers = Array.from({ length: 10_500 }, (_, index) => `answer ${String(index)}`);
    send(...answers);
    comeBack();
    await drained(outbox);
    expect(broker.taken).toEqual(answers);
  });
});
