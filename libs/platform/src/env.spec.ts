import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EnvError, envFlag, envInt, parseEnv } from './env.js';

const schema = z.object({
  PORT: envInt(1, 65_535).default(4100),
  SECRET: z.string().min(20),
  FLAG: envFlag.default(false),
});

describe('parseEnv', () => {
  it('fills in defaults and coerces', () => {
    expect(parseEnv(schema, { SECRET: 'x'.repeat(20), FLAG: 'yes' })).toEqual({
      PORT: 4100,
      SECRET: 'x'.repeat(20),
      FLAG: true,
    });
  });

  it('takes an empty variable as one that is not set', () => {
    expect(parseEnv(schema, { PORT: '', SECRET: 'x'.repeat(20) }).PORT).toBe(4100);
  });

  it('names every unfit variable and shows no value', () => {
    const attempt = (): unknown => parseEnv(schema, { PORT: '99999', SECRET: 'hunter2' });
    expect(attempt).toThrow(EnvError);
    try {
      attempt();
    } catch (error) {
      expect((error as EnvError).variables).toEqual(['PORT', 'SECRET']);
      expect((error as EnvError).message).not.toMatch(/hunter2|99999/);
    }
  });

  it('says that a missing variable is required', () => {
    expect(() => parseEnv(schema, {})).toThrow('SECRET: is required');
  });
});
