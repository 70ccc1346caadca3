import type { JobFilter } from '@reelay/contracts';
import { AttemptEntity, JobEntity } from '@reelay/persistence';
import type { DataSource, SelectQueryBuilder } from 'typeorm';

const LIKE_SPECIAL = /[\\%_]/g;

/** Jobs that a filter chooses, as a query to be ordered and cut. */
export function jobsMatching(dataSource: DataSource, filter: JobFilter): SelectQueryBuilder<JobEntity> {
  const query = dataSource.getRepository(JobEntity).createQueryBuilder('job');
  const lists = { status: filter.status, type: filter.type, resourceCategory: filter.resourceCategory };
  for (const [field, values] of Object.entries(lists)) {
    if (values) query.andWhere(`job.${field} IN (:...${field})`, { [field]: values });
  }
  if (filter.createdAfter) query.andWhere('job.createdAt >= :after', { after: filter.createdAfter });
  if (filter.createdBefore) query.andWhere('job.createdAt < :before', { before: filter.createdBefore });
  if (filter.worker) {
    const held = query
      .subQuery()
      .select('1')
      .from(AttemptEntity, 'attempt')
      .where('attempt.id = job.attemptId AND attempt.instanceId = :worker');
    query.andWhere(`EXISTS ${held.getQuery()}`, { worker: filter.worker });
  }
  if (filter.q) {
    const text = filter.q.replace(LIKE_SPECIAL, '\\$&');
    query.andWhere('(CAST(job.params AS text) ILIKE :needle OR CAST(job.id AS text) LIKE :start)', {
      needle: `%${text}%`,
      start: `${text.toLowerCase()}%`,
    });
  }
  return query;
}
