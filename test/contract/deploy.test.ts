import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../apps/backend/dist/config.js';
import { readWorkerConfig } from '../../libs/worker-sdk/dist/config.js';

const root = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Service {
  readonly build?: { readonly dockerfile: string; readonly target: string; readonly args?: { readonly APP: string } };
  readonly environment?: Record<string, string>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly deploy?: { readonly replicas: number };
}

const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
const dockerfile = read('deploy/Dockerfile');
const workerApps = readdirSync(join(root, 'apps')).filter((name) => name.startsWith('worker-'));

/** What compose would put in: the default, or something for what must be set. */
const interpolate = (value: string): string =>
  value.replace(/\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g, (_all, _name, fallback?: string) => fallback ?? 'x'.repeat(40));

const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, interpolate(value)]),
  );

describe('docker-compose.yml', () => {
  it('runs every worker app, with replicas', () => {
    for (const app of workerApps) {
      expect(services[app]?.build).toEqual({
        context: '.',
        dockerfile: 'deploy/Dockerfile',
        target: 'worker',
        args: { APP: app },
      });
      expect(services[app]?.deploy?.replicas).toBeGreaterThan(0);
    }
  });

  it('gives each app an environment that it accepts', () => {
    expect(readConfig(environmentOf('backend'))).toMatchObject({ adminToken: 'x'.repeat(40) });
    for (const app of workerApps) expect(readWorkerConfig(environmentOf(app)).amqpUrl).toMatch(/^amqp:/);
  });

  it('holds no password, and starts no service without one', () => {
    const text = read('docker-compose.yml');
    for (const name of ['RABBITMQ_PASSWORD', 'POSTGRES_PASSWORD', 'ADMIN_TOKEN']) {
      const uses = [...text.matchAll(new RegExp(`\\$\\{${name}[^}]*\\}`, 'g'))];
      expect(uses.length).toBeGreaterThan(0);
      expect(uses.every(([use]) => use.includes(':?'))).toBe(true);
    }
  });

  it('mounts and waits for what is there', () => {
    for (const service of Object.values(services)) {
      for (const mount of service.volumes ?? []) {
        const [source = ''] = mount.split(':');
        if (source.startsWith('./')) expect(existsSync(join(root, source)), source).toBe(true);
      }
      for (const needed of Object.keys(service.depends_on ?? {})) expect(Object.keys(services)).toContain(needed);
    }
  });
});

describe('deploy/Dockerfile', () => {
  it('copies what is there', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
  });

  it('has the targets that compose builds, and none runs as root', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    for (const target of ['backend', 'worker']) {
      const stage = stages.find((text) => text.split('\n')[0]?.endsWith(` AS ${target}`));
      expect(stage).toMatch(/^USER node$/m);
    }
  });
});
