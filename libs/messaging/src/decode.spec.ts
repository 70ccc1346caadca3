import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeMessage, MAX_MESSAGE_BYTES } from './decode.js';
import { UnreadableMessageError } from './errors.js';

const schema = z.object({ job_id: z.int(), name: z.string().default('x'), inner: z.object({ a: z.int() }).optional() });

const decode = (body: string | Buffer): unknown => decodeMessage(schema, Buffer.from(body));

function reasonOf(body: string | Buffer): string {
  try {
    decode(body);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableMessageError);
    return (error as Error).message;
  }
  throw new Error('it was readable');
}

describe('decodeMessage', () => {
  it('gives what the schema makes of the body', () => {
    expect(decode('{"job_id": 1}')).toEqual({ job_id: 1, name: 'x' });
  });

  it('passes over fields that the schema does not know', () => {
    expect(decode('{"job_id": 1, "later": {"version": 2}}')).toEqual({ job_id: 1, name: 'x' });
  });

  it.each(['', '{', 'job 1', '{"job_id": NaN}', Buffer.from([0xff, 0xfe])])('refuses %j as no JSON', (body) => {
    expect(reasonOf(body)).toBe('not JSON');
  });

  it.each(['null', '[]', '1', '"text"'])('refuses %s as no message', (body) => {
    expect(reasonOf(body)).toMatch(/^message: /);
  });

  it('names each field that does not fit', () => {
    expect(reasonOf('{"job_id": "1", "inner": {"a": 1.5}}')).toMatch(/^job_id: .+; inner\.a: .+/);
  });

  it('names five faults at most: the message may be made to have thousands', () => {
    const many = z.array(z.int());
    const body = Buffer.from(JSON.stringify(Array.from({ length: 1000 }, () => 'x')));
    expect(() => decodeMessage(many, body)).toThrow(/^(\d: [^;]+; ){4}\d: [^;]+$/);
  });

  it('refuses what is too large before it parses it', () => {
    const padded = (bytes: number): Buffer => Buffer.from('{"job_id": 1}'.padEnd(bytes));
    expect(decode(padded(MAX_MESSAGE_BYTES))).toMatchObject({ job_id: 1 });
    expect(reasonOf(padded(MAX_MESSAGE_BYTES + 1))).toMatch(/more than 4194304/);
  });
});
