// Imports rabbitmq/definitions.json into a broker over its management API, again and again until it is there.
// Environment: RABBITMQ_MANAGEMENT_URL, RABBITMQ_USER, RABBITMQ_PASSWORD, DEFINITIONS_FILE.
import { readFileSync } from 'node:fs';

const ATTEMPTS = 60;
const DELAY_MS = 1_000;

const {
  RABBITMQ_MANAGEMENT_URL: url,
  RABBITMQ_USER: user,
  RABBITMQ_PASSWORD: password,
  DEFINITIONS_FILE: file,
} = process.env;
if (!url || !user || !password || !file) {
  console.error('set RABBITMQ_MANAGEMENT_URL, RABBITMQ_USER, RABBITMQ_PASSWORD and DEFINITIONS_FILE');
  process.exit(78);
}

const definitions = readFileSync(file, 'utf8');
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function importOnce() {
  const response = await fetch(`${url}/api/definitions`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: definitions,
  });
  if (!response.ok) throw new Error(`the broker answered ${response.status}: ${await response.text()}`);
}

for (let attempt = 1; ; attempt++) {
  try {
    await importOnce();
    console.log('the definitions are imported');
    break;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`cannot import the definitions yet: ${reason}`);
    if (attempt === ATTEMPTS) process.exit(1);
    await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
  }
}
