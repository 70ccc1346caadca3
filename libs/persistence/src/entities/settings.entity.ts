import type { PatchSettingsBody } from '@reelay/contracts';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** What was set at run time, in the only row; what is not there has its default. */
@Entity('settings')
@Check('settings_single', 'id')
export class SettingsEntity {
  @PrimaryColumn('boolean', { default: true, primaryKeyConstraintName: 'settings_pkey' })
  id!: boolean;

  @Column('jsonb')
  value!: PatchSettingsBody;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}

/** A job type of which nothing is sent for now. */
@Entity('paused_job_types')
export class PausedJobTypeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'paused_job_types_pkey' })
  name!: string;

  @Column('timestamptz', { default: () => 'now()' })
  pausedAt!: Date;
}
