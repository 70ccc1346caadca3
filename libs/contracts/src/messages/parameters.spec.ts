import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thumbnailGenerate } from '../job-types/thumbnail-generate.js';
import { parametersJsonSchema } from '../job-types/define-job-type.js';
import { decodeParameters, encodeParameters, PARAMETER_TYPES, wireParameter } from './parameters.js';

const typesOf = (parameters: Record<string, unknown>, schema?: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(encodeParameters(parameters, schema).map(({ id, type }) => [id, type]));

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('encodeParameters', () => {
  it.each<[string, unknown, string]>([
    ['a text', 'inbox/a.mp4', 'string'],
    ['an empty text', '', 'string'],
    ['a whole number', 23, 'integer'],
    ['a fraction', 0.5, 'float'],
    ['a switch', false, 'boolean'],
    ['texts', ['a', 'b'], 'array_of_strings'],
    ['an empty list', [], 'array_of_strings'],
    ['a mixed list', ['a', 1], 'json'],
    ['an object', { a: 1 }, 'json'],
    ['null', null, 'json'],
  ])('sends %s as its own type', (_, value, type) => {
    expect(encodeParameters({ it: value })).toEqual([{ id: 'it', type, value }]);
  });

  it('sends a whole number as a float where the job type declares a number', () => {
    const schema = parametersJsonSchema(thumbnailGenerate);
    const types = typesOf({ inputPath: 'a.mp4', timestamp: 12, width: 640 }, schema);
    expect(types).toEqual({ inputPath: 'string', timestamp: 'float', width: 'integer' });
    expect(typesOf({ timestamp: 12 })).toEqual({ timestamp: 'integer' });
  });

  it('asks no schema that says nothing of a parameter', () => {
    for (const schema of [{}, { properties: {} }, { properties: { it: {} } }, { properties: { it: { type: [] } } }]) {
      expect(typesOf({ it: 1 }, schema)).toEqual({ it: 'integer' });
    }
  });

  it('leaves out what is undefined', () => {
    expect(encodeParameters({ a: undefined, b: 1 })).toEqual([{ id: 'b', type: 'integer', value: 1 }]);
  });
});

describe('decodeParameters', () => {
  it('falls back to the default where a value is missing or null', () => {
    expect(
      decodeParameters([
        { id: 'given', type: 'integer', value: 1, default: 2 },
        { id: 'zero', type: 'integer', value: 0, default: 2 },
        { id: 'off', type: 'boolean', value: false, default: true },
        { id: 'missing', type: 'integer', value: undefined, default: 2 },
        { id: 'null', type: 'integer', value: null, default: 2 },
      ]),
    ).toEqual({ given: 1, zero: 0, off: false, missing: 2, null: 2 });
  });

  it('keeps a null that has no default', () => {
    expect(decodeParameters([{ id: 'reason', type: 'json', value: null }])).toEqual({ reason: null });
    expect(decodeParameters([{ id: 'reason', type: 'json', value: null, default: null }])).toEqual({ reason: null });
  });

  it('keeps a value of a type that this side does not know', () => {
    const segments = [{ start: 0, end: 4 }];
    const received = { id: 'segments', type: 'array_of_media_segments', value: segments, store: 'BACKEND' };
    expect(decodeParameters([wireParameter.parse(received)])).toEqual({ segments });
  });

  it('gives back what was encoded, through JSON and the schema of the wire', () => {
    const parameters = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(parameters, (given) => {
        const wire = encodeParameters(given).map((parameter) => wireParameter.parse(throughJson(parameter)));
        for (const { type } of wire) expect(PARAMETER_TYPES).toContain(type);
        expect(decodeParameters(wire)).toEqual(throughJson(given));
      }),
    );
  });
});
