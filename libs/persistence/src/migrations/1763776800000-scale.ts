import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What makes a million jobs as quick to list, count and dispatch as a thousand; the archive; what operators want of workers. */
const UP = [
  `ALTER TABLE workers ADD wish text NOT NULL DEFAULT 'work'
     CONSTRAINT workers_wish CHECK (wish IN ('work', 'pause', 'drain'))`,
  `UPDATE workers SET wish = 'pause' WHERE paused`,
  `ALTER TABLE workers DROP paused`,

  // Jobs that wait for a time, or for somebody to announce their type, are no candidates of the dispatcher.
  `ALTER TABLE jobs ADD held boolean NOT NULL DEFAULT false`,
  `UPDATE jobs SET held = true WHERE status = 'pending' AND (retry_after IS NOT NULL OR unroutable_since IS NOT NULL)`,
  `DROP INDEX jobs_waiting`,
  `CREATE INDEX jobs_waiting ON jobs (type, priority, created_at, id) WHERE status = 'pending' AND NOT held`,
  `CREATE INDEX jobs_due ON jobs (retry_after)
     WHERE status = 'pending' AND held AND unroutable_since IS NULL`,
  `CREATE INDEX jobs_unroutable ON jobs (type, unroutable_since)
     WHERE status = 'pending' AND unroutable_since IS NOT NULL`,

  // One index for each order that lists have; the same one read backwards serves the other direction.
  `CREATE INDEX jobs_priority_created ON jobs (priority, created_at, id)`,
  `CREATE INDEX jobs_started ON jobs ((coalesce(started_at, '-infinity'::timestamptz)), id)`,
  `CREATE INDEX jobs_ended ON jobs (status, completed_at) WHERE status IN ('completed', 'failed', 'cancelled')`,
  `ALTER TABLE jobs ADD worker text`,
  `UPDATE jobs j SET worker = a.instance_id FROM attempts a WHERE a.id = j.attempt_id`,
  `CREATE INDEX jobs_worker_created ON jobs (worker, created_at, id) WHERE worker IS NOT NULL`,

  // The words of the parameters' values, each of letters and digits only.
  `CREATE FUNCTION job_words(params jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
     to_tsvector('simple'::regconfig,
       regexp_replace(regexp_replace(params::text, '"([^"\\\\]|\\\\.)*":', ' ', 'g'), '[^[:alnum:]]+', ' ', 'g'))`,
  `CREATE TABLE job_search (
     job_id uuid NOT NULL,
     words tsvector NOT NULL,
     CONSTRAINT job_search_pkey PRIMARY KEY (job_id),
     CONSTRAINT job_search_job_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
   )`,
  `INSERT INTO job_search SELECT id, job_words(params) FROM jobs`,
  `CREATE INDEX job_search_words ON job_search USING gin (words)`,

  // Counts are kept as what changed, one row for each statement and kind, and summed up when they are read:
  // a row per kind that every statement updates would make them all wait for each other.
  `CREATE TABLE job_counts (type text NOT NULL, resource_category text NOT NULL, status text NOT NULL, n bigint NOT NULL)`,
  `INSERT INTO job_counts SELECT type, resource_category, status, count(*) FROM jobs GROUP BY 1, 2, 3`,
  `CREATE FUNCTION jobs_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO job_counts SELECT type, resource_category, status, count(*) FROM added GROUP BY 1, 2, 3;
     INSERT INTO job_search SELECT id, job_words(params) FROM added;
     RETURN NULL;
   END $$`,
  `CREATE FUNCTION jobs_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO job_counts
       SELECT type, resource_category, status, sum(n) FROM (
         SELECT type, resource_category, status, 1 AS n FROM after
         UNION ALL SELECT type, resource_category, status, -1 FROM before) changes
       GROUP BY 1, 2, 3 HAVING sum(n) <> 0;
     RETURN NULL;
   END $$`,
  `CREATE FUNCTION jobs_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO job_counts SELECT type, resource_category, status, -count(*) FROM gone GROUP BY 1, 2, 3;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs REFERENCING NEW TABLE AS added
     FOR EACH STATEMENT EXECUTE FUNCTION jobs_inserted()`,
  `CREATE TRIGGER jobs_updated AFTER UPDATE ON jobs REFERENCING OLD TABLE AS before NEW TABLE AS after
     FOR EACH STATEMENT EXECUTE FUNCTION jobs_updated()`,
  `CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs REFERENCING OLD TABLE AS gone
     FOR EACH STATEMENT EXECUTE FUNCTION jobs_deleted()`,

  // How many lines an attempt has logged: a flood ends at a limit.
  `ALTER TABLE attempts ADD log_lines integer NOT NULL DEFAULT 0`,

  // Jobs that are over for long, each with all that was known of it.
  `CREATE TABLE archived_jobs (
     id uuid NOT NULL,
     type text NOT NULL,
     status text NOT NULL,
     created_at timestamptz NOT NULL,
     completed_at timestamptz NOT NULL,
     archived_at timestamptz NOT NULL DEFAULT now(),
     job jsonb NOT NULL,
     attempts jsonb NOT NULL,
     CONSTRAINT archived_jobs_pkey PRIMARY KEY (id)
   )`,
  `CREATE INDEX archived_jobs_completed ON archived_jobs (completed_at, id)`,
  `CREATE INDEX archived_jobs_type ON archived_jobs (type, completed_at, id)`,
  `CREATE INDEX archived_jobs_status ON archived_jobs (status, completed_at, id)`,
];

const DOWN = [
  `DROP TABLE archived_jobs`,
  `ALTER TABLE attempts DROP log_lines`,
  `DROP TRIGGER jobs_inserted ON jobs`,
  `DROP TRIGGER jobs_updated ON jobs`,
  `DROP TRIGGER jobs_deleted ON jobs`,
  `DROP FUNCTION jobs_inserted, jobs_updated, jobs_deleted`,
  `DROP TABLE job_counts, job_search`,
  `DROP FUNCTION job_words`,
  `DROP INDEX jobs_worker_created, jobs_ended, jobs_started, jobs_priority_created, jobs_unroutable, jobs_due, jobs_waiting`,
  `CREATE INDEX jobs_waiting ON jobs (type, priority, created_at, id) WHERE status = 'pending'`,
  `ALTER TABLE jobs DROP held, DROP worker`,
  `ALTER TABLE workers ADD paused boolean NOT NULL DEFAULT false`,
  `UPDATE workers SET paused = wish <> 'work'`,
  `ALTER TABLE workers DROP wish`,
];

/** Counts, search, held jobs, the archive. */
export class Scale1763776800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
