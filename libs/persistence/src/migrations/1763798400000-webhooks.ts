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
 * @param jobs rows `j` of jobs that entered their state
 */
const deliver = (jobs: string): string =>
  `IF EXISTS (SELECT FROM webhooks WHERE enabled) THEN
       INSERT INTO webhook_deliveries (webhook_id, event, payload)
         SELECT w.id, 'job.' || j.status, jsonb_build_object('type', 'job.' || j.status,
                  'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                  'data', jsonb_build_object('id', j.id, 'type', j.type, 'status', j.status, 'progress', j.progress,
                    'destinationPaths', to_jsonb(j.destination_paths), 'error', CASE WHEN j.error_code IS NOT NULL THEN
                      jsonb_build_object('code', j.error_code, 'message', j.error_message,
                                         'retryable', j.error_retryable) END))
           FROM ${jobs} JOIN webhooks w ON w.enabled AND w.events && ARRAY['*', 'job.*', 'job.' || j.status]
                                   AND (w.job_types IS NULL OR j.type = ANY (w.job_types));
     END IF;
     `;

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
     CONSTRAINT webhooks_pkey PRIMARY KEY (id)
   )`,
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
  jobsInserted(deliver('added j')),
  jobsUpdated(deliver('after j JOIN before b ON b.id = j.id AND b.status <> j.status')),
];

const DOWN = [jobsUpdated(''), jobsInserted(''), `DROP TABLE webhook_deliveries`, `DROP TABLE webhooks`];

/** Webhooks, and what they are told. */
export class Webhooks1763798400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
