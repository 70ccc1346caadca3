import type { MediaInfo, VideoScene, VideoTags } from '@reelay/contracts';
import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';

/** A file of the library with what probes learned of it. */
@Entity('videos')
@Index('videos_path', ['path'], { unique: true })
@Index('videos_created', ['createdAt', 'id'])
@Index('videos_source', ['sourceVideoId'])
@Index('videos_words', { synchronize: false })
@Index('videos_duration', { synchronize: false })
@Index('videos_size', { synchronize: false })
@Index('videos_tags', { synchronize: false })
@Index('videos_fingerprint', { synchronize: false })
@Index('videos_path_bytes', { synchronize: false })
export class VideoEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'videos_pkey' })
  id!: string;

  /** Relative to the library. */
  @Column('text')
  path!: string;

  @Column('text', { nullable: true })
  container!: string | null;

  @Column('text', { nullable: true })
  videoCodec!: string | null;

  @Column('text', { nullable: true })
  audioCodec!: string | null;

  @Column('integer', { nullable: true })
  width!: number | null;

  @Column('integer', { nullable: true })
  height!: number | null;

  @Column('text', { nullable: true })
  displayAspectRatio!: string | null;

  @Column('double precision', { nullable: true })
  fps!: number | null;

  @Column('double precision', { nullable: true })
  durationSeconds!: number | null;

  @Column('bigint', { nullable: true })
  sizeBytes!: string | null;

  @Column('double precision', { nullable: true })
  bitrateKbps!: number | null;

  /** Degrees clockwise. */
  @Column('smallint', { nullable: true })
  rotation!: number | null;

  @Column('boolean', { nullable: true })
  valid!: boolean | null;

  @Column('text', { nullable: true })
  invalidReason!: string | null;

  @Column('text', { nullable: true })
  thumbnailPath!: string | null;

  /** Of the WebVTT file. */
  @Column('text', { nullable: true })
  spritePath!: string | null;

  @Column('text', { nullable: true })
  previewPath!: string | null;

  /** The last job that re-encoded it. */
  @Column('uuid', { nullable: true })
  reencodeJobId!: string | null;

  /** The video that it was made from. */
  @Column('uuid', { nullable: true })
  sourceVideoId!: string | null;

  @ManyToOne(() => VideoEntity, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'source_video_id', foreignKeyConstraintName: 'videos_source_fkey' })
  sourceVideo?: VideoEntity;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;

  @Column('timestamptz', { nullable: true })
  probedAt!: Date | null;

  /** All that the last probe learned. */
  @Column('jsonb', { nullable: true })
  media!: MediaInfo | null;

  @Column('jsonb', { nullable: true })
  scenes!: readonly VideoScene[] | null;

  /** What a model saw in it, and which one. */
  @Column('jsonb', { nullable: true })
  tags!: VideoTags | null;

  /** The names of the tags, to choose by. */
  @Column('text', { array: true, nullable: true })
  tagNames!: string[] | null;

  /** The file's time of modification when it was last scanned. */
  @Column('timestamptz', { nullable: true })
  modifiedAt!: Date | null;

  /** Of its size, head and tail. */
  @Column('text', { nullable: true })
  fingerprint!: string | null;

  /** When a scan first found it gone. */
  @Column('timestamptz', { nullable: true })
  missingSince!: Date | null;
}
