import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rows of jobs and attempts are updated several times in their life: a fillfactor below 100 leaves
 * room for the new version on the same page (heap-only tuples), so that indexes need no update.
 */
const UP = [
  `CREATE TABLE jobs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    type text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    params jsonb NOT NULL,
    progress smallint NOT NULL DEFAULT '0',
    priority smallint NOT NULL DEFAULT '5',
    resource_category text NOT NULL,
    vram_required integer NOT NULL DEFAULT '0',
    target text,
    attempt_id bigint,
    attempt_count integer NOT NULL DEFAULT '0',
    retry_count smallint NOT NULL DEFAULT '0',
    max_retries smallint NOT NULL DEFAULT '3',
    loss_count smallint NOT NULL DEFAULT '0',
    retry_after timestamptz,
    unroutable_since timestamptz,
    phase text,
    speed real,
    eta_seconds real,
    error_code text,
    error_message text,
    error_retryable boolean,
    result jsonb,
    destination_paths text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
    CONSTRAINT jobs_progress CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT jobs_priority CHECK (priority BETWEEN 1 AND 10),
    CONSTRAINT jobs_status CHECK (status IN ('pending', 'queued', 'running', 'completed', 'failed', 'cancelled', 'paused')),
    CONSTRAINT jobs_pkey PRIMARY KEY (id)
  ) WITH (fillfactor = 70)`,
  `CREATE INDEX jobs_waiting ON jobs (type, priority, created_at, id) WHERE status = 'pending'`,
  `CREATE INDEX jobs_category_created ON jobs (resource_category, created_at, id)`,
  `CREATE INDEX jobs_type_created ON jobs (type, created_at, id)`,
  `CREATE INDEX jobs_status_created ON jobs (status, created_at, id)`,
  `CREATE INDEX jobs_created ON jobs (created_at, id)`,
  `CREATE TABLE attempts (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    job_id uuid NOT NULL,
    number integer NOT NULL,
    status text NOT NULL DEFAULT 'out',
    instance_id text,
    late_ack boolean NOT NULL DEFAULT false,
    last_seq bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    claimed_at timestamptz,
    lease_until timestamptz,
    finished_at timestamptz,
    execution_seconds real,
    error_code text,
    error_message text,
    CONSTRAINT attempts_status CHECK (status IN ('out', 'running', 'completed', 'failed', 'stopped', 'lost', 'returned')),
    CONSTRAINT attempts_pkey PRIMARY KEY (id)
  ) WITH (fillfactor = 70)`,
  `CREATE INDEX attempts_open ON attempts (status, lease_until) WHERE status IN ('out', 'running')`,
  `CREATE INDEX attempts_job ON attempts (job_id, id)`,
  `CREATE TABLE job_log_lines (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    job_id uuid NOT NULL,
    at timestamptz NOT NULL,
    line text NOT NULL,
    CONSTRAINT job_log_lines_pkey PRIMARY KEY (id)
  )`,
  `CREATE INDEX job_log_lines_job ON job_log_lines (job_id, id)`,
  `CREATE TABLE videos (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    path text NOT NULL,
    container text,
    video_codec text,
    audio_codec text,
    width integer,
    height integer,
    display_aspect_ratio text,
    fps double precision,
    duration_seconds double precision,
    size_bytes bigint,
    bitrate_kbps double precision,
    rotation smallint,
    valid boolean,
    invalid_reason text,
    thumbnail_path text,
    reencode_job_id uuid,
    source_video_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    probed_at timestamptz,
    CONSTRAINT videos_pkey PRIMARY KEY (id)
  )`,
  `CREATE INDEX videos_source ON videos (source_video_id)`,
  `CREATE INDEX videos_created ON videos (created_at, id)`,
  `CREATE UNIQUE INDEX videos_path ON videos (path)`,
  `CREATE TABLE workers (
    instance_id text NOT NULL,
    app text,
    host text,
    version text NOT NULL DEFAULT '',
    sdk_version text NOT NULL DEFAULT '',
    slots integer NOT NULL DEFAULT '1',
    vram_mb integer NOT NULL DEFAULT '0',
    cpus integer,
    executor text NOT NULL DEFAULT 'local',
    features text[] NOT NULL DEFAULT '{}',
    activity text NOT NULL DEFAULT 'Idle',
    liveness_ms integer NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    alive_until timestamptz NOT NULL,
    CONSTRAINT workers_pkey PRIMARY KEY (instance_id)
  )`,
  `CREATE INDEX workers_alive ON workers (alive_until)`,
  `CREATE TABLE worker_job_types (
    instance_id text NOT NULL,
    job_type text NOT NULL,
    CONSTRAINT worker_job_types_pkey PRIMARY KEY (instance_id, job_type)
  )`,
  `CREATE INDEX worker_job_types_type ON worker_job_types (job_type)`,
  `CREATE TABLE job_types (
    name text NOT NULL,
    label text NOT NULL DEFAULT '',
    short_description text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    version text NOT NULL DEFAULT '',
    parameters jsonb NOT NULL DEFAULT '{}',
    category text,
    job_vram_mb integer NOT NULL DEFAULT '0',
    first_announced_at timestamptz NOT NULL DEFAULT now(),
    last_announced_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT job_types_pkey PRIMARY KEY (name)
  )`,
  `ALTER TABLE attempts ADD CONSTRAINT attempts_job_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE`,
  `ALTER TABLE job_log_lines ADD CONSTRAINT job_log_lines_job_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE`,
  `ALTER TABLE videos ADD CONSTRAINT videos_source_fkey FOREIGN KEY (source_video_id) REFERENCES videos(id) ON DELETE SET NULL`,
  `ALTER TABLE worker_job_types ADD CONSTRAINT worker_job_types_worker_fkey FOREIGN KEY (instance_id) REFERENCES workers(instance_id) ON DELETE CASCADE`,
];

const TABLES = ['videos', 'job_types', 'worker_job_types', 'workers', 'job_log_lines', 'attempts', 'jobs'];

/** Jobs, attempts, log lines, workers, announced job types, videos. */
export class Initial1763769600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TABLE ${table}`);
  }
}
