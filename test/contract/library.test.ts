import { LIBRARY_PAGE, libraryRequest } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { golden, goldenNames, queuesFor } from './golden.js';

const requests = goldenNames.filter((name) => name.startsWith('library-'));

describe('a request about the library', () => {
  it.each(requests)('%s is read without a loss', (name) => {
    expect(libraryRequest.parse(golden(name))).toStrictEqual(golden(name));
  });

  it('has a golden message for each kind', () => {
    const kinds = libraryRequest.shape.request.options.map(({ shape }) => shape.kind.value);
    const inGolden = requests.map((name) => libraryRequest.parse(golden(name)).request.kind);
    expect(inGolden.sort()).toEqual(kinds.sort());
  });

  it('reaches the backend', () => {
    expect(queuesFor('job_response', 'job_library')).toEqual(['job_library']);
  });

  it.each([
    ['without changes', { kind: 'record', changes: [] }],
    ['with too many of them', { kind: 'record', changes: Array(LIBRARY_PAGE + 1).fill({ path: 'a' }) }],
    ['of another kind', { kind: 'drop' }],
  ])('%s is refused', (_, request) => {
    expect(libraryRequest.safeParse({ ...golden('library-files'), request }).success).toBe(false);
  });
});
