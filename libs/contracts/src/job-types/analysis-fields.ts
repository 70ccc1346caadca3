import { z } from 'zod';

/** How films are cut into scenes. */
export const sceneCuts = {
  threshold: z
    .number()
    .min(1)
    .max(100)
    .default(10)
    .describe('How much the picture must change for a cut: 8 to 14 suit most films, more finds fewer'),
};

/** What a digest or a reel is made of. */
export const livelyPart = z.object({
  start: z.number().describe('Where in the input it starts, in seconds'),
  end: z.number(),
  score: z.number().min(0).max(1).describe('How lively it is beside the rest of the film'),
  motion: z.number().min(0).max(1).describe('How much its picture moves, beside the liveliest second of the film'),
  loudness: z.number().nullable().describe('How loud it is, in LUFS; null where the film has no sound'),
});
