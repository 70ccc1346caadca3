import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiError } from './api-error.js';
import { faultsOf, uuidPipe, ZodPipe } from './zod.pipe.js';

const schema = z.object({ size: z.int().default(3), steps: z.array(z.object({ name: z.string() })).default([]) });
const pipe = new ZodPipe(schema);

const refusalOf = (value: unknown): ApiError => {
  try {
    pipe.transform(value);
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error('it was not refused');
};

describe('ZodPipe', () => {
  it('passes on what the schema makes of a value', () => {
    expect(pipe.transform({})).toEqual({ size: 3, steps: [] });
  });

  it('refuses with 400 and each fault', () => {
    const error = refusalOf({ size: 'x', steps: [{ name: 'a' }, { name: 1 }] });
    expect(error).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(error.facts.errors).toMatchObject([
      { path: 'size', code: 'invalid_type' },
      { path: 'steps.1.name', code: 'invalid_type' },
    ]);
    expect(error.message).toMatch(/^size: .+; steps\.1\.name: .+$/);
  });

  it.each([undefined, null, 'text', []])('refuses %j as no body', (value) => {
    expect(refusalOf(value).facts.errors).toMatchObject([{ path: '', code: 'invalid_type' }]);
  });
});

describe('faultsOf', () => {
  it('puts the place of the whole before the place of the fault', () => {
    const { error } = schema.safeParse({ size: 'x' });
    expect(faultsOf(error!, 'params').map(({ path }) => path)).toEqual(['params.size']);
  });
});

describe('uuidPipe', () => {
  it('takes a UUID, and says what it misses otherwise', () => {
    const id = '770e8400-e29b-41d4-a716-446655440002';
    expect(uuidPipe.transform(id)).toBe(id);
    expect(() => uuidPipe.transform('7')).toThrow('must be a UUID');
  });
});
