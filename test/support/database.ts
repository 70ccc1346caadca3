import { randomBytes } from 'node:crypto';
import { dataSourceOptions, migrate } from '@reelay/persistence';
import pg from 'pg';
import { DataSource } from 'typeorm';

const TEMPLATE = 'reelay_template';

/** The same server's URL with another database. */
function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(serverUrl: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Opens a store on a URL, as the backend does, without migrating it. */
export function openStore(url: string): Promise<DataSource> {
  return new DataSource(dataSourceOptions(url)).initialize();
}

/** Makes the migrated database that all others are copied from. */
export async function createTemplateDatabase(serverUrl: string): Promise<void> {
  await onServer(serverUrl, `DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`, `CREATE DATABASE ${TEMPLATE}`);
  const store = await openStore(databaseUrl(serverUrl, TEMPLATE));
  await migrate(store);
  await store.destroy();
}

export interface TestDatabase {
  readonly url: string;
  /** Fails when somebody is still connected. */
  drop(): Promise<void>;
}

/** A database of a test's own: a copy of the migrated one, or an empty one. */
export async function createDatabase(serverUrl: string, options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = options.empty ? 'template0' : TEMPLATE;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: databaseUrl(serverUrl, name),
    drop: () => onServer(serverUrl, `DROP DATABASE ${name}`),
  };
}
