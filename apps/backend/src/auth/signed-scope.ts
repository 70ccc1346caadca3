import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature allows, and until when. */
interface SignedScope {
  /** What it is for: one kind of signature is never taken for another. */
  readonly purpose: string;
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const SIGNATURE_BYTES = 32;

/** A text that fits into one part of a URL's path, and that only the holder of the key can make. */
export function signScope({ purpose, scope, expiresAt }: SignedScope, key: Buffer): string {
  const payload = Buffer.from(JSON.stringify([scope, expiresAt])).toString('base64url');
  return `${payload}.${signatureOf(purpose, payload, key).toString('base64url')}`;
}

/**
 * The scope that such a text was made for.
 * @returns null when it is none, was made for something else, or is out of date
 */
export function readScope(token: string, purpose: string, key: Buffer, now: number): string | null {
  const [payload = '', signature = '', ...rest] = token.split('.');
  const given = Buffer.from(signature, 'base64url');
  if (rest.length > 0 || given.length !== SIGNATURE_BYTES) return null;
  if (!timingSafeEqual(given, signatureOf(purpose, payload, key))) return null;
  // Signed by ourselves: it is what `signScope` wrote.
  const [scope, expiresAt] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number];
  return now < expiresAt ? scope : null;
}

const signatureOf = (purpose: string, payload: string, key: Buffer): Buffer =>
  createHmac('sha256', key).update(`${purpose}\n${payload}`).digest();
