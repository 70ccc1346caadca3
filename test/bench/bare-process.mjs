// A process that only holds connections: what Node.js and the two clients take by themselves.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import amqp from 'amqplib';
import pg from 'pg';

/**
 * Starts such a process and returns when it holds them all.
 * @param {{ amqpUrl: string, databaseUrl: string, amqpConnections: number, databaseConnections: number }} options
 * @returns {Promise<{ pid: number, stop: () => void }>}
 */
export async function startBareProcess({ amqpUrl, databaseUrl, amqpConnections, databaseConnections }) {
  const env = {
    ...process.env,
    ...{ AMQP_URL: amqpUrl, DATABASE_URL: databaseUrl },
    ...{ AMQP_CONNECTIONS: String(amqpConnections), DATABASE_CONNECTIONS: String(databaseConnections) },
  };
  const child = fork(fileURLToPath(import.meta.url), ['hold'], { env });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the bare process ended with exit code ${code}`)));
  });
  return { pid: child.pid ?? 0, stop: () => void child.kill() };
}

if (process.argv[2] === 'hold') {
  const { AMQP_URL = '', DATABASE_URL = '', AMQP_CONNECTIONS, DATABASE_CONNECTIONS } = process.env;
  for (let n = 0; n < Number(AMQP_CONNECTIONS); n++) {
    const connection = await amqp.connect(AMQP_URL, { noDelay: true });
    await connection.createConfirmChannel();
  }
  for (let n = 0; n < Number(DATABASE_CONNECTIONS); n++) {
    const client = new pg.Client({ connectionString: DATABASE_URL });
    await client.connect();
    await client.query('SELECT 1');
  }
  process.send?.('ready');
}
