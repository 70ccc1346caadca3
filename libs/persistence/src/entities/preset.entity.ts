import type { PresetSettings } from '@reelay/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One version of a preset that somebody made. A row never changes, but for the time at which its preset was deleted. */
@Entity('presets')
export class PresetEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'presets_pkey' })
  name!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'presets_pkey' })
  version!: number;

  @Column('text', { default: '' })
  description!: string;

  @Column('jsonb')
  settings!: PresetSettings;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  /** Null while it can be used. */
  @Column('timestamptz', { nullable: true })
  deletedAt!: Date | null;
}
