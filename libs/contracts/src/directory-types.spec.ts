import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, patchSettingsBody, settings } from './api/settings.js';
import { BUILT_IN_DIRECTORY_TYPES, directoryTypeName } from './directory-types.js';

/** What a change of the setting is refused for, each as its path and its reason. */
function faultsOf(directoryTypes: unknown): string[] {
  const parsed = patchSettingsBody.safeParse({ library: { directoryTypes } });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('the name of a directory type', () => {
  it.each([...BUILT_IN_DIRECTORY_TYPES, 'archive', 'a', 'raw_4k', 'year-2024', 'a'.repeat(63)])('may be %s', (name) => {
    expect(directoryTypeName.safeParse(name).success).toBe(true);
  });

  it.each(['', 'Archive', '4k', '_raw', '-raw', '.hidden', '..', 'a/b', 'a b', 'a.b', 'a\n', 'é', 'a'.repeat(64)])(
    'may not be %j',
    (name) => {
      expect(directoryTypeName.safeParse(name).success).toBe(false);
    },
  );
});

describe('the setting of directory types', () => {
  it('has none at first, and takes a hundred', () => {
    expect(settings.parse(DEFAULT_SETTINGS).library).toEqual({ directoryTypes: [] });
    const hundred = Array.from({ length: 100 }, (_, n) => `archive-${String(n)}`);
    expect(faultsOf(hundred)).toEqual([]);
    expect(faultsOf([...hundred, 'raw'])).toEqual([expect.stringMatching(/^library\.directoryTypes .*100/)]);
  });

  it.each([
    [['archive', 'videos'], ['library.directoryTypes.1 is built in: every library has it']],
    [['raw', 'archive', 'raw'], ['library.directoryTypes.2 is there twice']],
    [['../etc'], [expect.stringMatching(/^library\.directoryTypes\.0 must be the name of a folder/)]],
    ['archive', [expect.stringMatching(/^library\.directoryTypes Invalid input/)]],
  ])('refuses %j', (given, faults) => {
    expect(faultsOf(given)).toEqual(faults);
  });
});
