import { z } from 'zod';

/** Most chunks of one film: a workflow starts a job for each. Longer films get longer chunks. */
export const MOST_CHUNKS = 1_000;

/** Longest film, in seconds: eleven days. */
const LONGEST_SECONDS = 1_000_000;

const filmSeconds = z.number().min(0).max(LONGEST_SECONDS);

/**
 * A part of a film that is encoded on its own: the pictures that are shown from its start until right before its end.
 * Each picture of a film belongs to exactly one chunk.
 */
export const filmChunk = z
  .strictObject({
    index: z.int().min(0).describe('Its place among the chunks, from 0'),
    startSeconds: filmSeconds.describe('When its first picture is shown, in seconds from the start of the film'),
    endSeconds: filmSeconds.describe('When the next chunk starts, or the film ends'),
    startFrame: z.int().min(0).describe('How many pictures the chunks before it have'),
    frames: z.int().min(1).describe('How many pictures it has'),
  })
  .refine(({ startSeconds, endSeconds }) => endSeconds > startSeconds, {
    path: ['endSeconds'],
    error: 'must be later than startSeconds',
  });
export type FilmChunk = z.infer<typeof filmChunk>;
