import { isIP, isIPv4 } from 'node:net';

/**
 * IPv4 networks that are no hosts of the public internet (the IANA special-purpose registry), and the addresses at
 * which clouds answer with secrets.
 */
const CLOSED_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  // Azure's metadata, at a public address.
  '168.63.129.16/32',
].map(parseNetwork);

/** The only IPv6 addresses that are public hosts. */
const OPEN_V6 = parseNetwork('2000::/3');

/** What of those is not: protocol assignments with Teredo, documentation, 6to4. */
const CLOSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(parseNetwork);

/** IPv6 spellings of an IPv4 address: mapped, and behind a NAT64. What counts is the address in the last four bytes. */
const CARRIES_V4 = ['::ffff:0:0/96', '64:ff9b::/96'].map(parseNetwork);

/** Addresses that share the first `bits` bits. */
interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** Thrown instead of a connection to an address that is not public. */
export class AddressRefusedError extends Error {
  readonly code = 'URL_REFUSED';
  readonly retryable = false;

  constructor(host: string) {
    super(`${host} is, or leads to, an address that is not public: connections to it are refused`);
    this.name = 'AddressRefusedError';
  }
}

/**
 * Decides to which addresses a connection may go that was asked for from outside: public ones, and those that
 * were allowed by hand.
 */
export class AddressGuard {
  private readonly hosts = new Set<string>();
  private readonly networks: Network[] = [];

  /**
   * @param allowed host names, addresses and networks (`10.1.0.0/16`)
   * @throws {TypeError} naming an entry that is none of these
   */
  constructor(allowed: readonly string[] = []) {
    for (const entry of allowed) {
      const plain = withoutBrackets(entry.toLowerCase());
      if (isIP(plain.split('/')[0] ?? '') !== 0) this.networks.push(plainNetwork(parseNetwork(plain)));
      else if (HOST_NAME.test(plain)) this.hosts.add(plain.replace(/\.$/, ''));
      else throw new TypeError(`"${entry}" is no host name, address or network`);
    }
  }

  /** Whether every address of a host of this name may be connected to. */
  allowsHost(host: string): boolean {
    return this.hosts.has(withoutBrackets(host.toLowerCase()).replace(/\.$/, ''));
  }

  /** Whether an address, in the usual spelling of either version, may be connected to. */
  allowsAddress(address: string): boolean {
    const bytes = addressBytes(address);
    if (bytes === null) return false;
    const plain = plainAddress(bytes);
    return isPublic(plain) || this.networks.some((network) => contains(network, plain));
  }
}

const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/;

/** A URL writes IPv6 addresses in brackets. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

function isPublic(bytes: readonly number[]): boolean {
  if (bytes.length === 4) return !CLOSED_V4.some((network) => contains(network, bytes));
  return contains(OPEN_V6, bytes) && !CLOSED_V6.some((network) => contains(network, bytes));
}

/** The IPv4 address that an IPv6 one carries; any other as it is. */
function plainAddress(bytes: readonly number[]): readonly number[] {
  return CARRIES_V4.some((network) => contains(network, bytes)) ? bytes.slice(12) : bytes;
}

/** A network of mapped addresses stands for the IPv4 network. */
function plainNetwork({ bytes, bits }: Network): Network {
  const plain = plainAddress(bytes);
  return plain.length === bytes.length || bits < 96 ? { bytes, bits } : { bytes: plain, bits: bits - 96 };
}

function contains({ bytes, bits }: Network, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    const mask = (0xff << (8 - kept)) & 0xff;
    return (byte & mask) === ((address[index] ?? 0) & mask);
  });
}

function parseNetwork(text: string): Network {
  const [address = '', length] = text.split('/');
  const bytes = addressBytes(address);
  const bits = length === undefined ? (bytes?.length ?? 0) * 8 : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (bytes === null || !(bits <= bytes.length * 8)) throw new TypeError(`"${text}" is no network`);
  return { bytes, bits };
}

/** Four bytes or sixteen; null for what is no address, or has a zone. */
function addressBytes(address: string): readonly number[] | null {
  if (isIPv4(address)) return address.split('.').map(Number);
  if (isIP(address) !== 6 || address.includes('%')) return null;
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').flatMap(groupBytes));
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail];
}

/** The bytes of what stands between two colons: nothing, 16 bits in hex, or an IPv4 address at the end. */
function groupBytes(group: string): number[] {
  if (group === '') return [];
  if (group.includes('.')) return group.split('.').map(Number);
  const value = parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
