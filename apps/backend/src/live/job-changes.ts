import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { ChangedJob } from '@reelay/persistence';

/** Tells this process what was committed about jobs: whoever changes jobs reports it here. */
@Injectable()
export class JobChanges {
  private readonly emitter = new EventEmitter<{ changed: [readonly ChangedJob[]] }>();

  /** Call after the commit. */
  report(jobs: readonly ChangedJob[]): void {
    if (jobs.length > 0) this.emitter.emit('changed', jobs);
  }

  subscribe(listener: (jobs: readonly ChangedJob[]) => void): void {
    this.emitter.on('changed', listener);
  }
}
