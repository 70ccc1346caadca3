import type { DeliveryStatus } from '@reelay/contracts';
import { Column, Entity, Generated, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { WorkflowEntity } from './workflow.entity.js';

/** An address that is told what becomes of jobs. */
@Entity('webhooks')
@Index('webhooks_workflow', ['workflowId'])
export class WebhookEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'webhooks_pkey' })
  id!: string;

  @Column('text')
  url!: string;

  @Column('text', { default: '' })
  description!: string;

  @Column('text', { array: true })
  events!: string[];

  @Column('text', { array: true, nullable: true })
  jobTypes!: string[] | null;

  /** What its messages are signed with: signing needs it as it is. */
  @Column('text')
  secret!: string;

  /** Its messages are signed with this one too for a while, so that no receiver misses one between the two. */
  @Column('text', { nullable: true })
  previousSecret!: string | null;

  @Column('timestamptz', { nullable: true })
  previousSecretUntil!: Date | null;

  @Column('boolean', { default: true })
  enabled!: boolean;

  /** It is told of this workflow only, and goes with it. */
  @Column('uuid', { nullable: true })
  workflowId!: string | null;

  /** It is there before the workflow is, so that it is told of its beginning. */
  @ManyToOne(() => WorkflowEntity, { onDelete: 'CASCADE', deferrable: 'INITIALLY DEFERRED' })
  @JoinColumn({ name: 'workflow_id', foreignKeyConstraintName: 'webhooks_workflow_fkey' })
  workflow?: WorkflowEntity;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  lastDeliveredAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  failingSince!: Date | null;
}

/** One event on its way to one webhook. The jobs' triggers insert it. */
@Entity('webhook_deliveries')
@Index('webhook_deliveries_listed', ['webhookId', 'createdAt', 'id'])
@Index('webhook_deliveries_due', ['webhookId', 'nextAttemptAt'], { where: "status = 'pending'" })
@Index('webhook_deliveries_created', ['createdAt'])
export class WebhookDeliveryEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'webhook_deliveries_pkey' })
  id!: string;

  @Column('uuid')
  webhookId!: string;

  @ManyToOne(() => WebhookEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'webhook_id', foreignKeyConstraintName: 'webhook_deliveries_webhook_fkey' })
  webhook?: WebhookEntity;

  /** Repeated by replays, so that a receiver knows what it has had. */
  @Column('uuid')
  @Generated('uuid')
  messageId!: string;

  @Column('text')
  event!: string;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('text', { default: 'pending' })
  status!: DeliveryStatus;

  @Column('integer', { default: 0 })
  attempts!: number;

  /** Null once it is over. While a try is under way, when another one may begin. */
  @Column('timestamptz', { nullable: true, default: () => 'now()' })
  nextAttemptAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastAttemptAt!: Date | null;

  @Column('integer', { nullable: true })
  responseStatus!: number | null;

  @Column('text', { nullable: true })
  responseBody!: string | null;

  @Column('integer', { nullable: true })
  durationMs!: number | null;

  @Column('text', { nullable: true })
  error!: string | null;

  @Column('uuid', { nullable: true })
  replayOf!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
