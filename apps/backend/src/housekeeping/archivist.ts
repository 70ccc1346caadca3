import { Injectable } from '@nestjs/common';
import {
  AttemptEntity,
  archiveJobs,
  deleteWorkflows,
  JobEntity,
  lockOverdue,
  lockOverdueWorkflows,
  readLog,
  type OverdueJobs,
} from '@reelay/persistence';
import { DataSource, In, type EntityManager } from 'typeorm';
import { toAttemptView, toDetail } from '../jobs/job.view.js';

/** Moves jobs that are over into the archive, as the API shows them. */
@Injectable()
export class Archivist {
  constructor(private readonly dataSource: DataSource) {}

  /** Archives a batch in one transaction; returns how many there were. */
  archive(overdue: OverdueJobs): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const ids = await lockOverdue(manager, overdue);
      await moveToArchive(manager, ids);
      return ids.length;
    });
  }

  /** Takes workflows away with their jobs, which go to the archive if they are to; returns how many there were. */
  removeWorkflows(overdue: OverdueJobs, { archive }: { archive: boolean }): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const { workflows, jobs } = await lockOverdueWorkflows(manager, overdue);
      if (archive) await moveToArchive(manager, jobs);
      await deleteWorkflows(manager, workflows);
      return workflows.length;
    });
  }
}

/** Puts jobs into the archive, as the API shows them. */
async function moveToArchive(manager: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const jobs = await manager.getRepository(JobEntity).findBy({ id: In([...ids]) });
  const attempts = await manager
    .getRepository(AttemptEntity)
    .find({ where: { jobId: In([...ids]) }, order: { number: 'ASC' } });
  const records = [];
  for (const job of jobs) {
    records.push({
      job: toDetail(job, { waitingReason: null, queuePosition: null, log: await readLog(manager, job.id) }),
      attempts: attempts.filter(({ jobId }) => jobId === job.id).map(toAttemptView),
    });
  }
  await archiveJobs(manager, records);
}
