import type { z } from 'zod';
import { UnreadableMessageError } from './errors.js';

/** The protocol's messages are small; what is larger than this was not meant for us. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a message's body.
 * @throws {UnreadableMessageError} saying what is wrong: too large, no JSON, or which field has which fault
 */
export function decodeMessage<T extends z.ZodType>(schema: T, content: Buffer): z.output<T> {
  if (content.length > MAX_MESSAGE_BYTES) {
    throw new UnreadableMessageError(`${String(content.length)} bytes, more than ${String(MAX_MESSAGE_BYTES)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch (error) {
    throw new UnreadableMessageError('not JSON', { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`);
  throw new UnreadableMessageError(faults.join('; '));
}
