import { describe, expect, it } from 'vitest';
import { pathsToRemove } from './delete-output.plan.js';

describe('what delete_output removes', () => {
  it('is what lies below work/, tidied and once', () => {
    const paths = ['work/a', 'work//a/', 'work/./b/c.mp4'];
    expect(pathsToRemove({ paths, confirm: [] })).toEqual(['work/a', 'work/b/c.mp4']);
  });

  it('is elsewhere only what was confirmed, by its very path', () => {
    const paths = ['packages/film'];
    expect(pathsToRemove({ paths, confirm: ['packages/film/'] })).toEqual(['packages/film']);
    for (const confirm of [[], ['packages'], ['packages/other']]) {
      expect(() => pathsToRemove({ paths, confirm })).toThrow('name it in confirm');
    }
  });

  it.each(['work', 'work/.', 'packages/'])('is never a whole folder of the library (%s)', (path) => {
    expect(() => pathsToRemove({ paths: [path], confirm: [path] })).toThrow('the library consists of');
  });

  it.each(['work/../videos/a.mp4', '/work/a', 'file:work/a'])('is nothing beyond the library (%s)', (path) => {
    expect(() => pathsToRemove({ paths: [path], confirm: [] })).toThrow('the path');
  });
});
