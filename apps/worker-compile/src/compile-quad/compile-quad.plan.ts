import type { compileQuad, ParametersOf } from '@reelay/contracts';
import { guardedInput, outputFile, type VideoExpectation } from '@reelay/media';
import { compiled, fitFilters, framesIn, pictureEncoder, soundFilters, type Source } from '@reelay/media/plan';

/** An input of the grid. */
export interface QuadSource extends Source {
  readonly durationSeconds: number;
}

/** Four inputs with full sound at once would be cut off: each is halved, in dB. */
const MIXED_GAIN_DB = -6;

/** How many pictures the grid has. */
function quadFrames(
  sources: readonly QuadSource[],
  { duration, fps }: Pick<ParametersOf<typeof compileQuad>, 'duration' | 'fps'>,
): number {
  const all = sources.map(({ durationSeconds }) => durationSeconds);
  return framesIn(duration === 'shortest' ? Math.min(...all) : Math.max(...all), fps);
}

/** The argv that plays four videos at once in a grid, and what must come of it. */
export function planQuad(
  parameters: ParametersOf<typeof compileQuad>,
  sources: readonly QuadSource[],
  output: string,
  threads?: number,
): { args: string[]; expect: VideoExpectation } {
  const { width, height, fps, audio } = parameters;
  const frames = quadFrames(sources, parameters);
  const seconds = frames / fps;
  const cell = { width: width / 2, height: height / 2, fps };
  const pictures = sources.map((source, index) => {
    const shown = framesIn(source.durationSeconds, fps);
    const filters = [
      ...fitFilters(source, cell),
      // The last picture stands until the source's own end, which its sound may reach later; then the cell is black.
      `trim=end_frame=${String(Math.min(shown, frames))}`,
      ...(shown < frames ? [`tpad=stop_mode=add:stop=${String(frames - shown)}:color=black`] : []),
    ];
    return `[${String(index)}:V:0]${filters.join(',')}[v${String(index)}]`;
  });
  const heard = sources.flatMap(({ media }, index) =>
    media.audio !== null && (audio === 'mix' || audio === index + 1) ? [index] : [],
  );
  const gain = heard.length > 1 ? MIXED_GAIN_DB : 0;
  const sounds = heard.map(
    (index) => `[${String(index)}:a:0]${soundFilters(gain, frames, fps).join(',')}[a${String(index)}]`,
  );
  const mix = `${heard.map((index) => `[a${String(index)}]`).join('')}amix=inputs=${String(heard.length)}:normalize=0[a]`;
  const graph = [
    ...pictures,
    '[v0][v1][v2][v3]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0[v]',
    ...(heard.length === 0 ? [] : [...sounds, mix]),
  ];
  const args = [
    ...sources.flatMap(({ path }) => ['-t', (seconds + 1).toFixed(6), ...guardedInput(path)]),
    ...['-filter_complex', graph.join(';'), '-map', '[v]', ...(heard.length === 0 ? ['-an'] : ['-map', '[a]'])],
    ...['-map_metadata', '-1', '-frames:v', String(frames), ...pictureEncoder({ ...cell, width, height }, threads)],
    ...(heard.length === 0 ? [] : ['-c:a', 'aac', '-b:a', '192k']),
    ...['-movflags', '+faststart', '-f', 'mp4', outputFile(output)],
  ];
  const expect = compiled({ width, height, fps }, seconds);
  return { args, expect: { ...expect, audioCodec: heard.length === 0 ? null : 'aac' } };
}
