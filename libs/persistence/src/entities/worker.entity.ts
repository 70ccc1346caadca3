import type { ResourceCategory } from '@reelay/contracts';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** What an operator may want of a worker: to take orders, to take none, or to end what it runs and stop. */
export const WORKER_WISHES = ['work', 'pause', 'drain'] as const;
export type WorkerWish = (typeof WORKER_WISHES)[number];

/** One running (or former) worker process. */
@Entity('workers')
@Check('workers_wish', `wish IN ('work', 'pause', 'drain')`)
@Index('workers_alive', ['aliveUntil'])
export class WorkerEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'workers_pkey' })
  instanceId!: string;

  /** The worker service it is a replica of; null for workers of another make. */
  @Column('text', { nullable: true })
  app!: string | null;

  @Column('text', { nullable: true })
  host!: string | null;

  @Column('text', { default: '' })
  version!: string;

  @Column('text', { default: '' })
  sdkVersion!: string;

  @Column('integer', { default: 1 })
  slots!: number;

  @Column('integer', { default: 0 })
  vramMb!: number;

  /** Its GPUs: `{ id, vramMb }`. Empty when it works without one. */
  @Column('jsonb', { default: () => "'[]'" })
  devices!: { id: string; vramMb: number }[];

  /** What an operator wants of it; it is sent orders only while it is to work. */
  @Column('text', { default: 'work' })
  wish!: WorkerWish;

  @Column('integer', { nullable: true })
  cpus!: number | null;

  @Column('text', { default: 'local' })
  executor!: string;

  @Column('text', { array: true, default: () => "'{}'" })
  features!: string[];

  @Column('text', { default: 'Idle' })
  activity!: string;

  /** How long it may be silent and still count as live, in ms. */
  @Column('integer')
  livenessMs!: number;

  @Column('timestamptz', { default: () => 'now()' })
  firstSeenAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  lastSeenAt!: Date;

  /** Live until then, unless it is heard of again. In the past once it said goodbye. */
  @Column('timestamptz')
  aliveUntil!: Date;
}

/** That a worker serves a job type. */
@Entity('worker_job_types')
@Index('worker_job_types_type', ['jobType'])
export class WorkerJobTypeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'worker_job_types_pkey' })
  instanceId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'worker_job_types_pkey' })
  jobType!: string;

  @ManyToOne(() => WorkerEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'instance_id', foreignKeyConstraintName: 'worker_job_types_worker_fkey' })
  worker?: WorkerEntity;
}

/** What was announced of a job type, by the worker that announced it last. */
@Entity('job_types')
export class JobTypeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'job_types_pkey' })
  name!: string;

  @Column('text', { default: '' })
  label!: string;

  @Column('text', { default: '' })
  shortDescription!: string;

  @Column('text', { default: '' })
  description!: string;

  @Column('text', { default: '' })
  version!: string;

  /** JSON Schema of the parameters. */
  @Column('jsonb', { default: () => "'{}'" })
  parameters!: Record<string, unknown>;

  /** Null when a worker of another make announced it. */
  @Column('text', { nullable: true })
  category!: ResourceCategory | null;

  /** MB that one job needs. */
  @Column('integer', { default: 0 })
  jobVramMb!: number;

  @Column('timestamptz', { default: () => 'now()' })
  firstAnnouncedAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  lastAnnouncedAt!: Date;
}
