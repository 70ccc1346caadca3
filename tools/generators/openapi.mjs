import { readFileSync } from 'node:fs';
import { describeApiOffline } from '../../apps/backend/dist/http/offline-document.js';

/** The description of the REST API, from its controllers and schemas. */
export async function openApiJson() {
  const manifest = new URL('../../apps/backend/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  return `${JSON.stringify(await describeApiOffline(version), null, 2)}\n`;
}
