import type { LogMessage, ProgressionMessage } from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JobReporter } from './job-reporter.js';

interface Sent {
  readonly at: number;
  readonly message: OutgoingMessage;
  readonly options: { replaceKey?: string; droppable?: boolean } | undefined;
}

function reporting(): { reporter: JobReporter; sent: Sent[] } {
  const sent: Sent[] = [];
  const outbox = {
    send: (message: OutgoingMessage, options?: Sent['options']): void => {
      sent.push({ at: Date.now(), message, options });
    },
  };
  return { reporter: new JobReporter({ attemptId: 7, instanceId: 'w-1', correlationId: null }, outbox), sent };
}

const progressions = (sent: readonly Sent[]): ProgressionMessage[] =>
  sent
    .filter(({ message }) => message.routingKey === 'job_progression')
    .map(({ message }) => message.content as ProgressionMessage);
const percents = (sent: readonly Sent[]): number[] => progressions(sent).map(({ progression }) => progression);
const logLines = (sent: readonly Sent[]): string[] =>
  sent
    .filter(({ message }) => message.routingKey === 'job_log')
    .flatMap(({ message }) => (message.content as LogMessage).lines.map(({ line }) => line));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-02-13T10:30:00.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('progress', () => {
  it('is sent in whole percents', () => {
    const { reporter, sent } = reporting();
    reporter.progress({ percent: 12.9 });
    expect(percents(sent)).toEqual([12]);
  });

  it('is not sent when no whole percent was won', () => {
    const { reporter, sent } = reporting();
    for (const percent of [0, 0.4, 0.99]) reporter.progress({ percent });
    vi.runAllTimers();
    expect(sent).toEqual([]);
  });

  it('is sent when the phase changes, at the same percent', () => {
    const { reporter, sent } = reporting();
    reporter.progress({ percent: 0, phase: 'probe' });
    vi.advanceTimersByTime(1_000);
    reporter.progress({ percent: 0, phase: 'encode' });
    reporter.progress({ percent: 0, phase: 'encode' });
    vi.runAllTimers();
    expect(progressions(sent).map(({ reelay }) => reelay?.phase)).toEqual(['probe', 'encode']);
  });

  it('never falls', () => {
    const { reporter, sent } = reporting();
    for (const percent of [30, 10, 31, -5]) {
      reporter.progress({ percent });
      vi.advanceTimersByTime(1_000);
    }
    expect(percents(sent)).toEqual([30, 31]);
  });

  it('stays within 0 and 100, and where it is when it is unknown', () => {
    const { reporter, sent } = reporting();
    for (const percent of [-10, 40, Number.NaN, Number.POSITIVE_INFINITY]) {
      reporter.progress({ percent });
      vi.advanceTimersByTime(1_000);
    }
    expect(percents(sent)).toEqual([40, 100]);
  });

  it('is sent at most once a second, and then as it is by that time', () => {
    const { reporter, sent } = reporting();
    reporter.progress({ percent: 1 });
    for (let percent = 2; percent <= 9; percent++) {
      vi.advanceTimersByTime(100);
      reporter.progress({ percent });
    }
    expect(percents(sent)).toEqual([1]);
    vi.advanceTimersByTime(200);
    expect(percents(sent)).toEqual([1, 9]);
  });

  it('replaces what the broker could not take yet', () => {
    const { reporter, sent } = reporting();
    reporter.progress({ percent: 1 });
    expect(sent[0]?.options).toEqual({ replaceKey: 'progression 7' });
  });

  it('rises, and keeps its distance, whatever a processor reports', () => {
    const updates = fc.array(
      fc.record({
        percent: fc.oneof(fc.double({ min: -50, max: 150 }), fc.double()),
        waitMs: fc.nat(1_500),
        phase: fc.constantFrom(undefined, 'probe', 'encode'),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(updates, (given) => {
        const { reporter, sent } = reporting();
        for (const { percent, waitMs, phase } of given) {
          reporter.progress({ percent, ...(phase === undefined ? {} : { phase }) });
          vi.advanceTimersByTime(waitMs);
        }
        vi.runAllTimers();
        const shown = percents(sent);
        expect(shown.every(Number.isInteger)).toBe(true);
        expect([...shown].sort((a, b) => a - b)).toEqual(shown);
        for (const [index, { at }] of sent.slice(1).entries())
          expect(at - sent[index]!.at).toBeGreaterThanOrEqual(1_000);
        expect(progressions(sent).map(({ reelay }) => reelay?.seq)).toEqual(shown.map((_, index) => index + 1));
      }),
    );
  });
});

describe('the log', () => {
  it('is sent together, a second after its first line', () => {
    const { reporter, sent } = reporting();
    reporter.log('one');
    vi.advanceTimersByTime(999);
    reporter.log('two');
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toHaveLength(1);
    expect((sent[0]?.message.content as LogMessage).lines).toEqual([
      { at: '2026-02-13T10:30:00.000Z', line: 'one' },
      { at: '2026-02-13T10:30:00.999Z', line: 'two' },
    ]);
  });

  it('has one entry for each line of a text', () => {
    const { reporter, sent } = reporting();
    reporter.log('one\ntwo\r\nthree');
    reporter.finish();
    expect(logLines(sent)).toEqual(['one', 'two', 'three']);
  });

  it('is sent at once when much of it waits', () => {
    const { reporter, sent } = reporting();
    for (let line = 1; line <= 200; line++) reporter.log(String(line));
    expect(logLines(sent)).toHaveLength(200);
    vi.runAllTimers();
    expect(sent).toHaveLength(1);
  });

  it('may be dropped when the broker is away for long', () => {
    const { reporter, sent } = reporting();
    reporter.log('one');
    reporter.finish();
    expect(sent[0]?.options).toEqual({ droppable: true });
  });
});

describe('finish', () => {
  it('sends the log that waits, and drops the progress that the final answer overtakes', () => {
    const { reporter, sent } = reporting();
    reporter.progress({ percent: 1 });
    reporter.progress({ percent: 50 });
    reporter.log('last words');
    reporter.finish();
    vi.runAllTimers();
    expect(percents(sent)).toEqual([1]);
    expect(logLines(sent)).toEqual(['last words']);
  });

  it('sends nothing when nothing waits', () => {
    const { reporter, sent } = reporting();
    reporter.finish();
    expect(sent).toEqual([]);
  });
});

describe('the sequence number', () => {
  it('rises over claim, progress and final answer, and starts above 0', () => {
    const { reporter, sent } = reporting();
    const claim = reporter.nextSeq();
    reporter.progress({ percent: 10 });
    vi.advanceTimersByTime(1_000);
    reporter.progress({ percent: 20 });
    reporter.finish();
    const final = reporter.nextSeq();
    expect([claim, ...progressions(sent).map(({ reelay }) => reelay?.seq), final]).toEqual([1, 2, 3, 4]);
  });
});
