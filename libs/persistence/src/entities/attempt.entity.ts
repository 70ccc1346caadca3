import { ATTEMPT_STATUSES, type AttemptStatus } from '@reelay/domain';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { JobEntity } from './job.entity.js';

/** One try at a job. Its id is `job_id` on the wire. */
@Entity('attempts')
@Check('attempts_status', `status IN (${ATTEMPT_STATUSES.map((status) => `'${status}'`).join(', ')})`)
@Index('attempts_job', ['jobId', 'id'])
@Index('attempts_open', ['status', 'leaseUntil'], { where: "status IN ('out', 'running')" })
export class AttemptEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'attempts_pkey',
  })
  id!: string;

  @Column('uuid')
  jobId!: string;

  @ManyToOne(() => JobEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'job_id', foreignKeyConstraintName: 'attempts_job_fkey' })
  job?: JobEntity;

  /** Its job's. */
  @Column('uuid', { nullable: true })
  workflowId!: string | null;

  /** 1 for the first try of the job. */
  @Column('integer')
  number!: number;

  @Column('text', { default: 'out' })
  status!: AttemptStatus;

  /** The worker that holds or held it. */
  @Column('text', { nullable: true })
  instanceId!: string | null;

  /** The holder acknowledges its order at the end, so a redelivered order's new claim takes over. */
  @Column('boolean', { default: false })
  lateAck!: boolean;

  /** The host to whose queue its order goes; null for the queue that all workers of the type share. */
  @Column('text', { nullable: true })
  target!: string | null;

  /** The host of `device`, as the plan chose them; null where no video memory is accounted for. */
  @Column('text', { nullable: true })
  host!: string | null;

  @Column('text', { nullable: true })
  device!: string | null;

  /** What is set aside for it on that device, in MB. */
  @Column('integer', { default: 0 })
  vramMb!: number;

  /** Its work is stopped for a while (SIGSTOP); the worker still holds it. */
  @Column('boolean', { default: false })
  paused!: boolean;

  /** Sequence number of the last answer that was applied. */
  @Column('bigint', { nullable: true })
  lastSeq!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  /** When the broker confirmed the order; null until then. */
  @Column('timestamptz', { nullable: true })
  publishedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  claimedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  leaseUntil!: Date | null;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;

  @Column('real', { nullable: true })
  executionSeconds!: number | null;

  @Column('text', { nullable: true })
  errorCode!: string | null;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  /** Lines that it sent for its job's log, those left out included. */
  @Column('integer', { default: 0 })
  logLines!: number;
}
