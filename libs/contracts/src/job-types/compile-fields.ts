import { z } from 'zod';
import { libraryPath } from './fields.js';

/** More inputs than this belong into several compilations. */
const MOST_INPUTS = 50;

/** Longest side of a compilation, in pixels. */
const MOST_PIXELS = 4096;

const side = (meaning: string, pixels: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(64).max(MOST_PIXELS).multipleOf(2).default(pixels).describe(meaning);

/** The videos that a compilation is made of. */
export const compileInputs = {
  inputPaths: z.array(libraryPath).min(2).max(MOST_INPUTS).describe('The inputs, relative to the library'),
};

/** The form that all inputs of a compilation are brought to. */
export const compileFormat = {
  width: side('Width in pixels, even; inputs of another shape get black bars', 1280),
  height: side('Height in pixels, even', 720),
  fps: z.int().min(5).max(60).default(30).describe('Pictures a second'),
};
