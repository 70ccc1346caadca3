import { AddressGuard } from '@reelay/platform';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

const needed = { AMQP_URL: 'amqp://localhost', DATABASE_URL: 'postgres://localhost/reelay' };

describe('readConfig', () => {
  it('needs the broker and the database', () => {
    expect(readConfig(needed)).toEqual({
      amqpUrl: 'amqp://localhost',
      databaseUrl: 'postgres://localhost/reelay',
      host: '127.0.0.1',
      port: 4100,
      mediaRoot: undefined,
      mediaLinks: [],
      webhookAllow: new AddressGuard(),
      logLevel: 'info',
      adminToken: undefined,
      adminTokenFile: '.reelay/admin-token',
    });
    expect(() => readConfig({})).toThrow(/AMQP_URL: is required; DATABASE_URL: is required/);
  });

  it('refuses a token that could be guessed, and does not show it', () => {
    const attempt = (): unknown => readConfig({ ...needed, ADMIN_TOKEN: 'hunter2' });
    expect(attempt).toThrow('ADMIN_TOKEN');
    expect(attempt).not.toThrow('hunter2');
  });
});
