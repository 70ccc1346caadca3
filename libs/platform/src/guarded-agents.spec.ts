import type { LookupAddress } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';
import { guardedAgents, guardedLookup } from './guarded-agents.js';

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

/** Answers each name with the same addresses. */
const answering =
  (...addresses: LookupAddress[]): Parameters<typeof guardedAgents>[1] =>
  (_host, _options, done) => {
    done(null, addresses);
  };

/** How a request to a URL fails that is never to leave this process. */
const failureOf = (url: string, agents = guardedAgents(new AddressGuard(), answering(v4('127.0.0.1')))) =>
  new Promise<unknown>((resolve, reject) => {
    const request = url.startsWith('https')
      ? https.request(url, { agent: agents.https })
      : http.request(url, { agent: agents.http });
    request.once('error', resolve);
    request.once('response', () => {
      reject(new Error('it was let through'));
    });
    request.end();
  });

describe('a request through guarded agents', () => {
  it.each([
    ...['http://127.0.0.1:1/', 'https://127.0.0.1:1/', 'http://127.1:1/', 'http://2130706433:1/', 'http://0x7f.1:1/'],
    ...[
      'http://017700000001:1/',
      'http://0177.0.0.1:1/',
      'http://127.0.0.1.:1/',
      'http://[::1]:1/',
      'https://[::1]:1/',
    ],
    ...['http://[::ffff:127.0.0.1]:1/', 'http://[::ffff:7f00:1]:1/', 'http://[64:ff9b::7f00:1]:1/', 'http://0:1/'],
    ...['http://169.254.169.254/latest/meta-data/', 'http://0xa9fea9fe/', 'http://①②⑦.0.0.1:1/', 'http://[::]:1/'],
    ...['http://innocent.example:1/', 'https://innocent.example:1/'],
  ])('is refused before it leaves: %s', async (url) => {
    expect(await failureOf(url)).toMatchObject({ code: 'URL_REFUSED', retryable: false });
  });

  it('to a name that no server knows fails as it always does', async () => {
    const agents = guardedAgents(new AddressGuard(), (_host, _options, done) => {
      done(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), []);
    });
    expect(await failureOf('http://nowhere.example/', agents)).toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('a guarded lookup', () => {
  const ask = (lookup: ReturnType<typeof guardedLookup>, all: boolean, host = 'a.example') =>
    new Promise<unknown>((resolve) => {
      lookup(host, { all }, (error, address, family) => {
        resolve(error ?? (all ? address : [address, family]));
      });
    });
  const mixed = answering(v4('10.0.0.1'), v4('8.8.8.8'), { address: '::1', family: 6 }, v4('1.1.1.1'));

  it('answers with public addresses only, so that no other is connected to', async () => {
    const lookup = guardedLookup(new AddressGuard(), mixed);
    expect(await ask(lookup, true)).toEqual([v4('8.8.8.8'), v4('1.1.1.1')]);
    expect(await ask(lookup, false)).toEqual(['8.8.8.8', 4]);
  });

  it('answers with all of a host that was allowed by hand', async () => {
    const lookup = guardedLookup(new AddressGuard(['a.example']), mixed);
    expect(await ask(lookup, false)).toEqual(['10.0.0.1', 4]);
    expect(await ask(lookup, true)).toHaveLength(4);
    expect(await ask(lookup, false, 'b.example')).toEqual(['8.8.8.8', 4]);
  });

  it('refuses a name that leads to nothing public', async () => {
    const lookup = guardedLookup(new AddressGuard(), answering(v4('192.168.1.1')));
    expect(await ask(lookup, true)).toMatchObject({ code: 'URL_REFUSED' });
    expect(await ask(guardedLookup(new AddressGuard(), answering()), false)).toMatchObject({ code: 'URL_REFUSED' });
  });
});
