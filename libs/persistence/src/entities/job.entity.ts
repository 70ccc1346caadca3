import { JOB_STATUSES, type JobStatus, type ResourceCategory } from '@reelay/contracts';
import { FINAL_STATUSES } from '@reelay/domain';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { WorkflowEntity } from './workflow.entity.js';

const inList = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

/** A job. The table is also the outbox: a pending row is an order that has not been sent. */
@Entity('jobs')
@Check('jobs_status', `status IN (${inList(JOB_STATUSES)})`)
@Check('jobs_priority', 'priority BETWEEN 1 AND 10')
@Check('jobs_progress', 'progress BETWEEN 0 AND 100')
@Index('jobs_created', ['createdAt', 'id'])
@Index('jobs_status_created', ['status', 'createdAt', 'id'])
@Index('jobs_type_created', ['type', 'createdAt', 'id'])
@Index('jobs_category_created', ['resourceCategory', 'createdAt', 'id'])
@Index('jobs_priority_created', ['priority', 'createdAt', 'id'])
@Index('jobs_worker_created', ['worker', 'createdAt', 'id'], { where: 'worker IS NOT NULL' })
@Index('jobs_started', { synchronize: false })
@Index('jobs_ended', ['status', 'completedAt'], { where: `status IN (${inList(FINAL_STATUSES)})` })
@Index('jobs_waiting', ['type', 'priority', 'createdAt', 'id'], { where: "status = 'pending' AND NOT held" })
@Index('jobs_due', ['retryAfter'], { where: "status = 'pending' AND held AND unroutable_since IS NULL" })
@Index('jobs_workflow_node', ['workflowId', 'workflowStep', 'workflowBranch'], {
  unique: true,
  where: 'workflow_id IS NOT NULL',
})
@Index('jobs_workflow_created', ['workflowId', 'createdAt', 'id'], { where: 'workflow_id IS NOT NULL' })
@Index('jobs_unroutable', ['type', 'unroutableSince'], {
  where: "status = 'pending' AND unroutable_since IS NOT NULL",
})
export class JobEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'jobs_pkey' })
  id!: string;

  @Column('text')
  type!: string;

  @Column('text', { default: 'pending' })
  status!: JobStatus;

  @Column('jsonb')
  params!: Record<string, unknown>;

  @Column('smallint', { default: 0 })
  progress!: number;

  @Column('smallint', { default: 5 })
  priority!: number;

  @Column('text')
  resourceCategory!: ResourceCategory;

  /** MB on one device. */
  @Column('integer', { default: 0 })
  vramRequired!: number;

  /** The host that must run it. */
  @Column('text', { nullable: true })
  target!: string | null;

  /** Instance id of the worker that holds the current attempt, or held the last one. */
  @Column('text', { nullable: true })
  worker!: string | null;

  /** The current or last attempt; an answer to any other changes nothing here. */
  @Column('bigint', { nullable: true })
  attemptId!: string | null;

  @Column('integer', { default: 0 })
  attemptCount!: number;

  @Column('smallint', { default: 0 })
  retryCount!: number;

  /** `retryCount` when a person last retried it: automatic retries are counted from there. */
  @Column('smallint', { default: 0 })
  retryBase!: number;

  @Column('smallint', { default: 3 })
  maxRetries!: number;

  /** How often a worker was lost with it. */
  @Column('smallint', { default: 0 })
  lossCount!: number;

  /** A pending job that the dispatcher passes over: it waits for its time, or for its type to be announced. */
  @Column('boolean', { default: false })
  held!: boolean;

  @Column('timestamptz', { nullable: true })
  retryAfter!: Date | null;

  /** When its order came back because no worker had announced its type. */
  @Column('timestamptz', { nullable: true })
  unroutableSince!: Date | null;

  @Column('text', { nullable: true })
  phase!: string | null;

  /** Media seconds per second. */
  @Column('real', { nullable: true })
  speed!: number | null;

  @Column('real', { nullable: true })
  etaSeconds!: number | null;

  @Column('text', { nullable: true })
  errorCode!: string | null;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  @Column('boolean', { nullable: true })
  errorRetryable!: boolean | null;

  @Column('jsonb', { nullable: true })
  result!: Record<string, unknown> | null;

  @Column('text', { array: true, default: () => "'{}'" })
  destinationPaths!: string[];

  /** The workflow that it belongs to. */
  @Column('uuid', { nullable: true })
  workflowId!: string | null;

  @ManyToOne(() => WorkflowEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'workflow_id', foreignKeyConstraintName: 'jobs_workflow_fkey' })
  workflow?: WorkflowEntity;

  @Column('text', { nullable: true })
  workflowStep!: string | null;

  /** Which of its step's jobs it is, from 0. */
  @Column('integer', { nullable: true })
  workflowBranch!: number | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  completedAt!: Date | null;
}
