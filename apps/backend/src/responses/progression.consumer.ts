import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { progressionMessage, QUEUE, type ProgressionMessage } from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import { applyProgressions, type Progression, type Trespass } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { JobChanges } from '../live/job-changes.js';
import { ANSWER_BATCH, Batches } from './answers.js';

/** Applies claims and progress; tells workers that run what is not theirs to stop. */
@Controller()
export class ProgressionConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly changes: JobChanges,
    private readonly broker: Broker,
  ) {
    this.batch = batches.of<Progression>((progressions) => this.apply(progressions));
  }

  @AmqpConsumer(QUEUE.jobProgression, progressionMessage, { prefetch: ANSWER_BATCH })
  onProgression(@Payload() message: ProgressionMessage): Promise<void> {
    return this.batch.add({
      attemptId: message.job_id,
      instanceId: message.docker_container_id,
      seq: message.reelay?.seq ?? null,
      progress: message.progression,
      claim: message.progression === 0,
      phase: message.reelay?.phase ?? null,
      speed: message.reelay?.speed ?? null,
      etaSeconds: message.reelay?.eta_s ?? null,
    });
  }

  private async apply(batch: readonly Progression[]): Promise<void> {
    const { latest, beaten } = summarise(batch);
    const { changed, trespasses } = await applyProgressions(this.dataSource, latest);
    this.changes.report(changed);
    for (const { attemptId, instanceId } of [...trespasses, ...beaten]) {
      this.broker.tell(instanceId, { type: 'stop_process', job_id: attemptId });
    }
  }
}

/**
 * Sums up a batch: for each attempt the latest progression of the worker that came first. A worker
 * that came second for the same attempt lost the claim. Only where the first acknowledges at the end
 * (it sends no `seq`), a second one's claim takes over, as it does between batches.
 */
export function summarise(batch: readonly Progression[]): { latest: Progression[]; beaten: Trespass[] } {
  const latest = new Map<number, Progression>();
  const beaten: Trespass[] = [];
  for (const next of batch) {
    const known = latest.get(next.attemptId);
    if (!known) {
      latest.set(next.attemptId, next);
    } else if (known.instanceId !== next.instanceId) {
      const takesOver = known.seq === null && next.claim;
      if (takesOver) latest.set(next.attemptId, next);
      beaten.push({ attemptId: next.attemptId, instanceId: (takesOver ? known : next).instanceId });
    } else if ((next.seq ?? Infinity) > (known.seq ?? -1)) {
      latest.set(next.attemptId, { ...next, claim: known.claim || next.claim });
    }
  }
  return { latest: [...latest.values()], beaten };
}
