import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.js';

const guard = new AddressGuard();

describe('an address guard', () => {
  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.1.2.3'],
    ...['169.254.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1'],
    ...['192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.7', '224.0.0.1', '239.255.255.250'],
    ...['240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ])('refuses %s, which is no public host', (address) => {
    expect(guard.allowsAddress(address)).toBe(false);
  });

  it.each([
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'fd12:3456::1', 'ff02::1'],
    ...['100::1', '2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:db8::1', '2002:7f00:1::1', '3fff::1'],
    ...['2002:a9fe:a9fe::', '4000::1', '5f00::1'],
  ])('refuses %s, which is no public host either', (address) => {
    expect(guard.allowsAddress(address)).toBe(false);
  });

  it.each([
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:7F00:0001', '0:0:0:0:0:ffff:a9fe:a9fe', '::ffff:10.0.0.1'],
    ...['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1'],
    ...['64:ff9b:1::127.0.0.1'],
  ])('refuses %s, which carries such an IPv4 address', (address) => {
    expect(guard.allowsAddress(address)).toBe(false);
  });

  it.each([
    ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
    ...['128.0.0.0', '169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
    ...['198.17.255.255', '198.20.0.0', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e'],
    ...['::ffff:8.8.8.8', '64:ff9b::808:808', '2001:200::1', '2003::1'],
  ])('lets %s through', (address) => {
    expect(guard.allowsAddress(address)).toBe(true);
  });

  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '017700000001',
    '8.8.8.8:80',
    '[2606:4700::1]',
    '1.2.3',
  ])('takes %j for no address, and lets it not through', (text) => {
    expect(guard.allowsAddress(text)).toBe(false);
  });

  it('judges an IPv4 address the same in each of its spellings', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const spellings = [`::ffff:${address}`, `::ffff:${groups}`, `0:0:0:0:0:FFFF:${groups}`, `64:ff9b::${groups}`];
        for (const spelling of spellings) {
          expect(guard.allowsAddress(spelling)).toBe(guard.allowsAddress(address));
        }
      }),
    );
  });
});

describe('what is allowed by hand', () => {
  it('is an address, in any spelling', () => {
    const open = new AddressGuard(['127.0.0.1', '::1']);
    expect(open.allowsAddress('127.0.0.1')).toBe(true);
    expect(open.allowsAddress('::ffff:127.0.0.1')).toBe(true);
    expect(open.allowsAddress('0:0:0:0:0:0:0:1')).toBe(true);
    expect(open.allowsAddress('127.0.0.2')).toBe(false);
  });

  it.each([
    ['10.1.0.0/16', '10.1.255.255', '10.2.0.0'],
    ['192.168.4.0/22', '192.168.7.255', '192.168.8.0'],
    ['::ffff:10.1.0.0/112', '10.1.2.3', '10.2.0.0'],
    ['fd00::/8', 'fdff::1', 'fc00::1'],
    ['169.254.169.254/32', '169.254.169.254', '169.254.169.253'],
    ['0.0.0.0/0', '127.0.0.1', '::1'],
  ])('is a network: %s holds %s and not %s', (network, inside, outside) => {
    const open = new AddressGuard([network]);
    expect(open.allowsAddress(inside)).toBe(true);
    expect(open.allowsAddress(outside)).toBe(false);
  });

  it('is a host, whole and in any case of letters, and never one below it', () => {
    const open = new AddressGuard(['Media.internal', 'localhost']);
    expect(['media.INTERNAL', 'media.internal.', 'localhost'].map((host) => open.allowsHost(host))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['internal', 'x.media.internal', 'media.internal.evil.example'].some((h) => open.allowsHost(h))).toBe(false);
    expect(open.allowsAddress('127.0.0.1')).toBe(false);
  });

  it.each(['', 'a b', '10.0.0.0/33', '10.0.0.0/x', '::/129', 'http://host/', '-a', '*.example', '10.0.0.0/'])(
    'is never %j',
    (entry) => {
      expect(() => new AddressGuard([entry])).toThrow(TypeError);
    },
  );
});
