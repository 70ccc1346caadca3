/** A piece of text for a part of a film; times in seconds. */
export interface Cue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A WebVTT file (W3C, WebVTT: The Web Video Text Tracks Format), as players take it for chapters and previews. */
export const webvtt = (cues: readonly Cue[]): string =>
  ['WEBVTT\n', ...cues.map(({ start, end, text }) => `${timestamp(start)} --> ${timestamp(end)}\n${text}\n`)].join(
    '\n',
  );

function timestamp(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  const part = (unit: number, of: number): string => String(Math.floor(milliseconds / unit) % of).padStart(2, '0');
  const hours = String(Math.floor(milliseconds / 3_600_000)).padStart(2, '0');
  return `${hours}:${part(60_000, 60)}:${part(1000, 60)}.${String(milliseconds % 1000).padStart(3, '0')}`;
}
