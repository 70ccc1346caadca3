import { guardedInput } from '@reelay/media';

/** The argv that decodes each picture of a file once, none doubled or left out to keep a rate, and keeps nothing. */
export function planCount(input: string): string[] {
  return [...guardedInput(input), '-map', '0:V:0', '-fps_mode', 'passthrough', '-f', 'null', '-'];
}
