// What any job queue on this broker and database has to do at least: insert, publish, consume, respond, update.
// Every step is durable and confirmed, as Reelay's are; there are no attempts, no leases, no dispatcher, no API.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import amqp from 'amqplib';
import pg from 'pg';

const ORDERS = 'bench_bare_orders';
const ANSWERS = 'bench_bare_answers';
const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

/** @param {import('amqplib').ConfirmChannel} channel @param {string} queue @param {object} body */
const publish = (channel, queue, body) =>
  new Promise((resolve, reject) => {
    const done = (/** @type {unknown} */ error) => (error ? reject(error) : resolve(undefined));
    channel.publish('', queue, Buffer.from(JSON.stringify(body)), { persistent: true }, done);
  });

/** @param {string} url */
async function connect(url) {
  const connection = await amqp.connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  for (const queue of [ORDERS, ANSWERS]) await channel.assertQueue(queue, QUORUM);
  return { connection, channel };
}

/**
 * Starts the loop with its worker in a process of its own.
 * @param {{ amqpUrl: string, databaseUrl: string }} options
 * @returns {Promise<{ run: (n: number) => Promise<void>, stop: () => Promise<void> }>} `run` resolves when a job is completed
 */
export async function startBareLoop({ amqpUrl, databaseUrl }) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  await pool.query(`CREATE TABLE IF NOT EXISTS bench_bare (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), params jsonb NOT NULL, status text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now(), completed_at timestamptz)`);
  const [out, back] = await Promise.all([connect(amqpUrl), connect(amqpUrl)]);
  const child = fork(fileURLToPath(import.meta.url), ['worker'], { env: { ...process.env, AMQP_URL: amqpUrl } });
  await new Promise((resolve) => child.once('message', resolve));
  /** @type {Map<string, () => void>} */
  const waiters = new Map();
  await back.channel.consume(ANSWERS, async (message) => {
    if (!message) return;
    const { id } = JSON.parse(message.content.toString());
    await pool.query("UPDATE bench_bare SET status = 'completed', completed_at = now() WHERE id = $1", [id]);
    back.channel.ack(message);
    waiters.get(id)?.();
    waiters.delete(id);
  });
  return {
    async run(n) {
      const { rows } = await pool.query('INSERT INTO bench_bare (params) VALUES ($1) RETURNING id', [{ n }]);
      const { id } = rows[0];
      const completed = new Promise((resolve) => waiters.set(id, () => resolve(undefined)));
      await publish(out.channel, ORDERS, { id, n });
      await completed;
    },
    async stop() {
      child.kill();
      for (const queue of [ORDERS, ANSWERS]) await out.channel.deleteQueue(queue);
      await Promise.all([out.connection.close(), back.connection.close()]);
      await pool.query('DROP TABLE bench_bare');
      await pool.end();
    },
  };
}

if (process.argv[2] === 'worker') {
  const url = process.env.AMQP_URL ?? '';
  const [intake, out] = await Promise.all([connect(url), connect(url)]);
  await intake.channel.prefetch(4);
  await intake.channel.consume(ORDERS, async (message) => {
    if (!message) return;
    const { id } = JSON.parse(message.content.toString());
    await publish(out.channel, ANSWERS, { id });
    intake.channel.ack(message);
  });
  process.send?.('ready');
}
