import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Templates, their runs, and which jobs belong to them. */
const UP = [
  `CREATE TABLE workflow_templates (
     name text NOT NULL,
     version integer NOT NULL,
     definition jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     deleted_at timestamptz,
     CONSTRAINT workflow_templates_pkey PRIMARY KEY (name, version)
   )`,
  `CREATE TABLE workflows (
     id uuid NOT NULL DEFAULT gen_random_uuid(),
     template text NOT NULL,
     version integer NOT NULL,
     definition jsonb NOT NULL,
     input jsonb NOT NULL,
     priority smallint NOT NULL DEFAULT '5',
     status text NOT NULL DEFAULT 'running',
     held boolean NOT NULL DEFAULT false,
     output jsonb,
     error jsonb,
     created_at timestamptz NOT NULL DEFAULT now(),
     completed_at timestamptz,
     CONSTRAINT workflows_priority CHECK (priority BETWEEN 1 AND 10),
     CONSTRAINT workflows_status CHECK (status IN ('running', 'held', 'completed', 'failed', 'cancelled')),
     CONSTRAINT workflows_pkey PRIMARY KEY (id)
   ) WITH (fillfactor = 70)`,
  `CREATE INDEX workflows_created ON workflows (created_at, id)`,
  `CREATE INDEX workflows_status_created ON workflows (status, created_at, id)`,
  `CREATE INDEX workflows_template_created ON workflows (template, created_at, id)`,
  `CREATE INDEX workflows_ended ON workflows (status, completed_at) WHERE status IN ('completed', 'failed', 'cancelled')`,
  `CREATE TABLE workflow_steps (
     workflow_id uuid NOT NULL,
     step_id text NOT NULL,
     status text NOT NULL DEFAULT 'waiting',
     skipped boolean NOT NULL DEFAULT false,
     branches integer,
     refused jsonb NOT NULL DEFAULT '{}',
     error jsonb,
     accepted boolean NOT NULL DEFAULT false,
     overrides jsonb NOT NULL DEFAULT '{}',
     CONSTRAINT workflow_steps_status CHECK (status IN ('waiting', 'running', 'completed', 'failed', 'skipped', 'cancelled', 'held')),
     CONSTRAINT workflow_steps_pkey PRIMARY KEY (workflow_id, step_id)
   ) WITH (fillfactor = 70)`,
  `ALTER TABLE workflow_steps ADD CONSTRAINT workflow_steps_workflow_fkey
     FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE`,

  // Attempts know it as well, so that an answer to a job without a workflow takes no second look.
  `ALTER TABLE attempts ADD workflow_id uuid`,
  `ALTER TABLE jobs ADD workflow_id uuid, ADD workflow_step text, ADD workflow_branch integer`,
  `ALTER TABLE jobs ADD CONSTRAINT jobs_workflow_fkey
     FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE`,
  // Whatever happens, a step has one job for each branch.
  `CREATE UNIQUE INDEX jobs_workflow_node ON jobs (workflow_id, workflow_step, workflow_branch)
     WHERE workflow_id IS NOT NULL`,
  // What is asked of one workflow's jobs: those that are open, and its list by age.
  `CREATE INDEX jobs_workflow_created ON jobs (workflow_id, created_at, id) WHERE workflow_id IS NOT NULL`,
];

const DOWN = [
  `DROP INDEX jobs_workflow_created, jobs_workflow_node`,
  `ALTER TABLE jobs DROP CONSTRAINT jobs_workflow_fkey`,
  `ALTER TABLE jobs DROP workflow_id, DROP workflow_step, DROP workflow_branch`,
  `ALTER TABLE attempts DROP workflow_id`,
  `DROP TABLE workflow_steps, workflows, workflow_templates`,
];

/** Workflows. */
export class Workflows1763794800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
