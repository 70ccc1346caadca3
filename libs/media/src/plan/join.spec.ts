import { expect, it } from 'vitest';
import { guardedInput } from '../input.js';
import { chapterList, joinScript, planJoin } from './join.js';

const pieces = [
  { file: 'piece-0.mkv', frames: 75 },
  { file: 'piece-1.mkv', frames: 50 },
];
const format = { width: 320, height: 180, fps: 25 };

it('the script says how long each piece is', () => {
  expect(joinScript(pieces, 25)).toBe(
    'ffconcat version 1.0\nfile piece-0.mkv\nduration 3.000000\nfile piece-1.mkv\nduration 2.000000\n',
  );
});

it('the list of chapters quotes what has a meaning in it', () => {
  expect(chapterList([{ title: 'a=b;#\\', startSeconds: 0, endSeconds: 3.04 }])).toBe(
    ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3040\ntitle=a\\=b\\;\\#\\\\\n',
  );
});

const joined =
  '-map 0:v:0 -map 0:a:0 -c:v copy -c:a aac -b:a 192k -movflags +faststart -video_track_timescale 90000 -f mp4 file:/out.mp4';

it('the join copies pictures and encodes sound', () => {
  const { args, expect: expected } = planJoin(pieces, format, { script: '/w/s', chapters: null, output: '/out.mp4' });
  expect(args.join(' ')).toBe(`${guardedInput('/w/s', 'concat,matroska').join(' ')} ${joined}`);
  expect(expected).toMatchObject({ width: 320, height: 180, durationSeconds: 5, audioCodec: 'aac' });
});

it('the join leaves out silence that stands for no sound', () => {
  const files = { script: '/w/s', chapters: null, output: '/out.mp4' };
  const { args, expect: expected } = planJoin(pieces, format, files, false);
  expect(args.join(' ')).toBe(
    `${guardedInput('/w/s', 'concat,matroska').join(' ')} -map 0:v:0 -c:v copy ` +
      '-movflags +faststart -video_track_timescale 90000 -f mp4 file:/out.mp4',
  );
  expect(expected).toMatchObject({ audioCodec: null });
});

it('the join takes chapters from their list', () => {
  const { args } = planJoin(pieces, format, { script: '/w/s', chapters: '/w/c', output: '/out.mp4' });
  expect(args.join(' ')).toBe(
    `${guardedInput('/w/s', 'concat,matroska').join(' ')} ${guardedInput('/w/c', 'ffmetadata').join(' ')} ` +
      `-map_metadata 1 -map_chapters 1 ${joined}`,
  );
});
