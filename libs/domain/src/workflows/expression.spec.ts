import { describe, expect, it } from 'vitest';
import { fillIn, type Scope } from './evaluate.js';
import { readValue, type ReadFault } from './template-text.js';

const scope: Scope = {
  input: { name: 'a b', crf: 23, on: true, none: null, ['a-b']: 1 },
  steps: {
    probe: { result: { media: { width: 1920, tags: ['x', 'y'] } }, error: null },
    encode: {
      results: [
        { path: 'a.mp4', size: 3 },
        { path: 'b.mp4', size: 4 },
      ],
    },
  },
  item: { height: 720 },
  index: 2,
  workflow: { id: 'w1' },
  fleet: { hosts: { transcode: 3 } },
};

function valueOf(text: unknown): unknown {
  const faults: ReadFault[] = [];
  const value = readValue(text, 'p', faults);
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join());
  return fillIn(value, scope);
}

describe('an expression', () => {
  it.each([
    ['${1 + 2 * 3}', 7],
    ['${(1 + 2) * 3 - -1}', 10],
    ['${10 / 4}', 2.5],
    ['${\'a\' + "b\\"}"}', 'ab"}'],
    ['${1 < 2 && !(2 >= 3) || false}', true],
    ["${'a' < 'b'}", true],
    ['${input.none == null}', true],
    ['${input["a-b"]}', 1],
    ['${input.crf}', 23],
    ['${input.nothing.below}', null],
    ['${steps.probe.result.media.width > 1280}', true],
    ['${steps.probe.result.media.tags[1]}', 'y'],
    ['${steps.probe.result.media.tags[7]}', null],
    ['${steps.encode.results[*].path}', ['a.mp4', 'b.mp4']],
    ['${steps.probe.result.media.tags == coalesce(null, steps.probe.result.media.tags)}', true],
    ['${coalesce(input.none, input.crf)}', 23],
    ['${length(steps.encode.results) + length("abc")}', 5],
    ['${max(steps.encode.results[*].size)}', 4],
    ['${min(3, 1, 2)}', 1],
    ['${floor(2.7) + round(2.5)}', 5],
    ["${join(steps.encode.results[*].path, ', ')}", 'a.mp4, b.mp4'],
    ['${concat(steps.probe.result.media.tags, steps.encode.results[*].size)}', ['x', 'y', 3, 4]],
    ["${stem('inbox/a.b.mp4')}", 'a.b'],
    ["${stem('.hidden')}", '.hidden'],
    ["${basename('inbox/a.mp4')}", 'a.mp4'],
    ['${if(input.none != null, input.none.x + 1, 0)}', 0],
    ['${item.height}', 720],
    ['${fleet.hosts.transcode}', 3],
    ['work/${workflow.id}/${index}-${input.name}${input.none}.mp4', 'work/w1/2-a b.mp4'],
    ['$${input.crf} costs $5', '${input.crf} costs $5'],
    ['${input.__proto__}', null],
    ['${input.constructor}', null],
    ['${steps.encode.results.length}', null],
  ])('%s is %j', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it('keeps the type of its value in a field, and leaves out a field that is null', () => {
    expect(valueOf({ a: '${input.crf}', b: '${input.none}', c: ['${input.none}', { d: null }] })).toEqual({
      a: 23,
      c: [null, { d: null }],
    });
  });

  it.each([
    ['${', 'it ends too early (at character 3)'],
    ['${input.a', 'the closing } is missing (at character 3)'],
    ['${1 +}', 'unexpected } (at character 6)'],
    ['${a.b}', 'a is none of input, steps, item, index, workflow, fleet (at character 3)'],
    ['${input.a # 1}', 'unexpected "#" (at character 11)'],
    ['${input[1.5]}', 'unexpected 1.5 (at character 9)'],
    ["${'open}", 'unexpected "\'" (at character 3)'],
    ['${min(1 2)}', 'unexpected 2, where , is expected (at character 9)'],
    [`\${${'('.repeat(60)}1${')'.repeat(60)}}`, 'it is nested too deeply (at character 54)'],
    [`\${1${' + 1'.repeat(600)}}`, 'an expression has at most 2000 characters (at character 3)'],
  ])('%s is refused, with the place', (text, message) => {
    expect(() => valueOf(text)).toThrow(message);
  });

  it.each([
    ['${input.name + 1}', '+ takes numbers, and "a b" is none'],
    ['${input.none * 2}', '* takes numbers, and null is none'],
    ['${1 / 0}', '1 / 0 is no number'],
    ['${!input.name}', '"a b" is neither true nor false'],
    ['${length(5)}', '5 has no length'],
    ['${min(steps.nothing.results)}', 'null is not a number'],
    ['${max(concat(steps.probe.result.media.tags))}', '"x" is not a number'],
  ])('%s has no value, and says why', (text, message) => {
    expect(() => valueOf(text)).toThrow(message);
  });
});
