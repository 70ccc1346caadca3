import {
  FINAL_WORKFLOW_STATUSES,
  STEP_STATUSES,
  WORKFLOW_STATUSES,
  type StepStatus,
  type WorkflowStatus,
  type WorkflowTemplate,
} from '@reelay/contracts';
import type { NodeError, WorkflowError } from '@reelay/domain';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

const inList = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

/** One version of a template that somebody made. A row never changes, but for the time at which its template was deleted. */
@Entity('workflow_templates')
export class WorkflowTemplateEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'workflow_templates_pkey' })
  name!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'workflow_templates_pkey' })
  version!: number;

  @Column('jsonb')
  definition!: WorkflowTemplate;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  /** Null while it can be used. */
  @Column('timestamptz', { nullable: true })
  deletedAt!: Date | null;
}

/** A run of a template. Whoever changes one, or a job's end that matters to it, locks its row first. */
@Entity('workflows')
@Check('workflows_priority', 'priority BETWEEN 1 AND 10')
@Check('workflows_status', `status IN (${inList(WORKFLOW_STATUSES)})`)
@Index('workflows_created', ['createdAt', 'id'])
@Index('workflows_status_created', ['status', 'createdAt', 'id'])
@Index('workflows_template_created', ['template', 'createdAt', 'id'])
@Index('workflows_ended', ['status', 'completedAt'], { where: `status IN (${inList(FINAL_WORKFLOW_STATUSES)})` })
export class WorkflowEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'workflows_pkey' })
  id!: string;

  @Column('text')
  template!: string;

  @Column('integer')
  version!: number;

  /** As it was when the run started; it stays so. */
  @Column('jsonb')
  definition!: WorkflowTemplate;

  /** With the defaults. */
  @Column('jsonb')
  input!: Record<string, unknown>;

  @Column('smallint', { default: 5 })
  priority!: number;

  @Column('text', { default: 'running' })
  status!: WorkflowStatus;

  /** A person holds it. */
  @Column('boolean', { default: false })
  held!: boolean;

  @Column('jsonb', { nullable: true })
  output!: unknown;

  @Column('jsonb', { nullable: true })
  error!: WorkflowError | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  completedAt!: Date | null;
}

/** What was decided of a step of a run. Its jobs say the rest. */
@Entity('workflow_steps')
@Check('workflow_steps_status', `status IN (${inList(STEP_STATUSES)})`)
export class WorkflowStepEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'workflow_steps_pkey' })
  workflowId!: string;

  @ManyToOne(() => WorkflowEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'workflow_id', foreignKeyConstraintName: 'workflow_steps_workflow_fkey' })
  workflow?: WorkflowEntity;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'workflow_steps_pkey' })
  stepId!: string;

  /** As it was told last. */
  @Column('text', { default: 'waiting' })
  status!: StepStatus;

  @Column('boolean', { default: false })
  skipped!: boolean;

  /** How many jobs it has; null until it begins. */
  @Column('integer', { nullable: true })
  branches!: number | null;

  /** Branches for which no job could be made, and why. */
  @Column('jsonb', { default: () => "'{}'" })
  refused!: Record<string, NodeError>;

  @Column('jsonb', { nullable: true })
  error!: NodeError | null;

  /** A person let the run go on without what failed. */
  @Column('boolean', { default: false })
  accepted!: boolean;

  /** What a person put in the place of its parameters. */
  @Column('jsonb', { default: () => "'{}'" })
  overrides!: Record<string, unknown>;
}
