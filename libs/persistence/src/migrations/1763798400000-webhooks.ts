import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of jobs as they change. @param further what else is done with each statement */
const jobsUpdated = (further: string): string =>
  `CREATE OR REPLACE FUNCTION jobs_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO job_counts
       SELECT type, resource_category, status, sum(n) FROM (
         SELECT type, resource_category, status, 1 AS n FROM after
         UNION ALL SELECT type, resource_category, status, -1 FROM before) changes
       GROUP BY 1, 2, 3 HAVING sum(n) <> 0;
     ${further}RETURN NULL;
   END $$`;

const jobsInserted = (further: string): string =>
  `CREATE OR REPLACE FUNCTION jobs_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO job_counts SELECT type, resource_category, status, count(*) FROM added GROUP BY 1, 2, 3;
     INSERT INTO job_search SELECT id, job_words(params) FROM added;
     ${further}RETURN NULL;
   END $$`;

/**
 * What webhooks are to be told becomes a row in the transaction in which it happens: whatever dies then, it is told.
 * @param kind what it happens to
 * @param rows rows `r` that entered their state
 * @param data what is told of one
 * @param whose which webhooks are told of it, beside those of the event
 */
const deliver = (kind: 'job' | 'workflow', rows: string, data: string, whose: string): string =>
  `IF EXISTS (SELECT FROM webhooks WHERE enabled) THEN
       INSERT INTO webhook_deliveries (webhook_id, event, payload)
         SELECT w.id, '${kind}.' || r.status, jsonb_build_object('type', '${kind}.' || r.status,
                  'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', ${data})
           FROM ${rows} JOIN webhooks w ON w.enabled AND w.events && ARRAY['*', '${kind}.*', '${kind}.' || r.status]
                                   AND ${whose};
     END IF;
     `;

const deliverJobs = (rows: string): string =>
  deliver(
    'job',
    rows,
    `jsonb_build_object('id', r.id, 'type', r.type, 'status', r.status, 'progress', r.progress,
       'workflowId', r.workflow_id, 'workflowStep', r.workflow_step, 'destinationPaths', to_jsonb(r.destination_paths),
       'error', CASE WHEN r.error_code IS NOT NULL THEN jsonb_build_object(
         'code', r.error_code, 'message', r.error_message, 'retryable', r.error_retryable) END)`,
    `(w.job_types IS NULL OR r.type = ANY (w.job_types)) AND (w.workflow_id IS NULL OR w.workflow_id = r.workflow_id)`,
  );

const deliverWorkflows = (rows: string): string =>
  deliver(
    'workflow',
    rows,
    `jsonb_build_object('id', r.id, 'template', r.template || '@' || r.version, 'status', r.status,
       'output', r.output, 'error', r.error)`,
    `(w.workflow_id IS NULL OR w.workflow_id = r.id)`,
  );

const ENTERED = 'after r JOIN before b ON b.id = r.id AND b.status <> r.status';

const UP = [
  `CREATE TABLE webhooks (
     id uuid NOT NULL DEFAULT gen_random_uuid(),
     url text NOT NULL,
     description text NOT NULL DEFAULT '',
     events text[] NOT NULL,
     job_types text[],
     secret text NOT NULL,
     enabled boolean NOT NULL DEFAULT true,
     created_at timestamptz NOT NULL DEFAULT now(),
     last_delivered_at timestamptz,
     failing_since timestamptz,
     workflow_id uuid,
     CONSTRAINT webhooks_pkey PRIMARY KEY (id),
     CONSTRAINT webhooks_workflow_fkey FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE
       DEFERRABLE INITIALLY DEFERRED
   )`,
  `CREATE INDEX webhooks_workflow ON webhooks (workflow_id)`,
  `CREATE TABLE webhook_deliveries (
     id uuid NOT NULL DEFAULT gen_random_uuid(),
     webhook_id uuid NOT NULL,
     message_id uuid NOT NULL DEFAULT gen_random_uuid(),
     event text NOT NULL,
     payload jsonb NOT NULL,
     status text NOT NULL DEFAULT 'pending',
     attempts integer NOT NULL DEFAULT 0,
     next_attempt_at timestamptz DEFAULT now(),
     last_attempt_at timestamptz,
     response_status integer,
     response_body text,
     duration_ms integer,
     error text,
     replay_of uuid,
     created_at timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
     CONSTRAINT webhook_deliveries_webhook_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
   )`,
  `CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (webhook_id, created_at, id)`,
  `CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at) WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at)`,
  jobsInserted(deliverJobs('added r')),
  jobsUpdated(deliverJobs(ENTERED)),
  `CREATE FUNCTION workflows_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     ${deliverWorkflows('added r')}RETURN NULL;
   END $$`,
  `CREATE FUNCTION workflows_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     ${deliverWorkflows(ENTERED)}RETURN NULL;
   END $$`,
  `CREATE TRIGGER workflows_inserted AFTER INSERT ON workflows REFERENCING NEW TABLE AS added
     FOR EACH STATEMENT EXECUTE FUNCTION workflows_inserted()`,
  `CREATE TRIGGER workflows_updated AFTER UPDATE ON workflows REFERENCING OLD TABLE AS before NEW TABLE AS after
     FOR EACH STATEMENT EXECUTE FUNCTION workflows_updated()`,
];

const DOWN = [
  `DROP TRIGGER workflows_inserted ON workflows`,
  `DROP TRIGGER workflows_updated ON workflows`,
  `DROP FUNCTION workflows_inserted, workflows_updated`,
  jobsUpdated(''),
  jobsInserted(''),
  `DROP TABLE webhook_deliveries`,
  `DROP TABLE webhooks`,
];

/** Webhooks, and what they are told. */
export class Webhooks1763798400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
