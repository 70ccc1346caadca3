import type { PauseSignal } from './processor.js';

/** The switch behind a job's pause signal. */
export class PauseSwitch implements PauseSignal {
  private readonly listeners = new Set<() => void>();
  private isPaused = false;

  get paused(): boolean {
    return this.isPaused;
  }

  pause(): void {
    this.set(true);
  }

  resume(): void {
    this.set(false);
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private set(paused: boolean): void {
    if (this.isPaused === paused) return;
    this.isPaused = paused;
    for (const listener of [...this.listeners]) listener();
  }
}
