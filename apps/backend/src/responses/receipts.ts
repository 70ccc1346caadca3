import { Injectable } from '@nestjs/common';
import { readVerdicts } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';

/** An answer whose worker may wait to hear what became of it. */
export interface ConfirmableAnswer {
  readonly attemptId: number;
  /** Null for workers that do not say who they are. */
  readonly instanceId: string | null;
  readonly confirm: boolean;
}

/** Tells workers what became of the answers that they asked about. */
@Injectable()
export class Receipts {
  constructor(
    private readonly dataSource: DataSource,
    private readonly broker: Broker,
  ) {}

  /** Call after the answers were applied, also with those that come again. */
  async send(answers: readonly ConfirmableAnswer[]): Promise<void> {
    const asking = answers.flatMap(({ attemptId, instanceId, confirm }) =>
      confirm && instanceId !== null ? [{ attemptId, instanceId }] : [],
    );
    if (asking.length === 0) return;
    const verdicts = new Map((await readVerdicts(this.dataSource, asking)).map((each) => [each.attemptId, each]));
    for (const { attemptId, instanceId } of asking) {
      const { taken = false, over = false } = verdicts.get(attemptId) ?? {};
      this.broker.tell(instanceId, { type: 'answer_taken', job_id: attemptId, taken, over });
    }
  }
}
