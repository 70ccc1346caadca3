import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { capture, runChild } from './child.js';
import { untilResumed, type PauseSignal } from './pause.js';
import { StallWatch } from './stall-watch.js';

/** What the programs here are found by. */
const ENV = { PATH: '/usr/bin:/bin' };

class Switch implements PauseSignal {
  private readonly listeners = new Set<() => void>();

  constructor(public paused = false) {}

  get listenerCount(): number {
    return this.listeners.size;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(paused: boolean): void {
    this.paused = paused;
    for (const listener of [...this.listeners]) listener();
  }
}

/** Linux's letter for what a process does: T when it is stopped. */
const stateOf = (pid: number): string | undefined =>
  readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .split(') ')[1]
    ?.charAt(0);

const silent = {
  env: ENV,
  onStdout: () => undefined,
  onStderr: () => undefined,
};

describe('untilResumed', () => {
  it('ends with the pause, or with an abort, and listens no longer', async () => {
    const pause = new Switch();
    await untilResumed(pause, undefined);
    pause.set(true);
    const controller = new AbortController();
    let ended = 0;
    const waiting = [controller.signal, undefined].map((signal) => untilResumed(pause, signal).then(() => ended++));
    controller.abort();
    await waiting[0];
    expect(ended).toBe(1);
    pause.set(false);
    await waiting[1];
    expect(pause.listenerCount).toBe(0);
  });
});

describe('a program', () => {
  it('is stopped and continued with all that it started', async () => {
    const pause = new Switch();
    let pid = 0;
    let childPid = 0;
    const running = runChild(['sh', '-c', 'sleep 0.5 & echo $!; wait'], {
      ...silent,
      pause,
      onSpawn: (id) => (pid = id),
      onStdout: (text) => (childPid = Number(text)),
    });
    while (childPid === 0) await sleep(5);
    pause.set(true);
    await sleep(20);
    expect([stateOf(pid), stateOf(childPid)]).toEqual(['T', 'T']);
    pause.set(false);
    expect(await running).toEqual({ code: 0, signal: null });
    expect(pause.listenerCount).toBe(0);
  });

  it('is told to end, and does so in its own way, while it is stopped', async () => {
    const pause = new Switch();
    const controller = new AbortController();
    const running = runChild(['sh', '-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.01; done'], {
      ...silent,
      pause,
      signal: controller.signal,
      onStdout: () => {
        pause.set(true);
      },
    });
    while (!pause.paused) await sleep(5);
    controller.abort();
    pause.set(true);
    expect(await running).toEqual({ code: 7, signal: null });
  });

  it('is not started before it may run', async () => {
    const pause = new Switch(true);
    let spawned = false;
    const running = runChild(['true'], { ...silent, pause, onSpawn: () => (spawned = true) });
    pause.set(false);
    pause.set(true);
    await sleep(20);
    expect(spawned).toBe(false);
    pause.set(false);
    expect((await running).code).toBe(0);
  });

  it('is never started when it is stopped before it may run', async () => {
    const controller = new AbortController();
    const running = runChild(['true'], {
      ...silent,
      pause: new Switch(true),
      signal: controller.signal,
      onSpawn: () => {
        throw new Error('it was started');
      },
    });
    controller.abort();
    expect(await running).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('has its whole time before it after a pause', async () => {
    const pause = new Switch();
    const running = capture(['sleep', '0.2'], { env: ENV, pause, timeoutMs: 400 });
    pause.set(true);
    await sleep(600);
    pause.set(false);
    expect(await running).toMatchObject({ code: 0, timedOut: false });
    const late = capture(['sleep', '5'], { env: ENV, pause, timeoutMs: 50 });
    expect(await late).toMatchObject({ timedOut: true });
  });
});

describe('the stall watch', () => {
  it('does not count a pause, and counts again after it', async () => {
    let stalled = false;
    // No process has this id, so nothing is read.
    const watch = new StallWatch(50, () => (stalled = true));
    watch.start(2 ** 30);
    watch.hold();
    watch.noteProgress();
    await sleep(120);
    expect(stalled).toBe(false);
    watch.resume();
    await sleep(120);
    expect([stalled, watch.stalled]).toEqual([true, true]);
    watch.stop();
  });
});
