import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { JobEntity } from './job.entity.js';

/** One line of a job's log. Lines are only ever added. */
@Entity('job_log_lines')
@Index('job_log_lines_job', ['jobId', 'id'])
export class JobLogLineEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'job_log_lines_pkey',
  })
  id!: string;

  @Column('uuid')
  jobId!: string;

  @ManyToOne(() => JobEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'job_id', foreignKeyConstraintName: 'job_log_lines_job_fkey' })
  job?: JobEntity;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  line!: string;
}
