import { z } from 'zod';
import { QUEUE } from '../topology.js';
import { limitQuery } from './paging.js';

/** The queues in which messages are parked for an operator. */
export const PARKING_QUEUES = [QUEUE.jobResponseDead, QUEUE.jobOrderDead] as const;

/** Characters of a parked message's body that are shown. */
export const PARKED_BODY_CHARACTERS = 2_000;

/** A message that could not be handled, as the API shows it. */
export const parkedMessage = z.object({
  id: z.string().describe('The message id; a digest of the message where it has none'),
  parkedIn: z.enum(PARKING_QUEUES),
  queue: z.string().nullable().describe('The queue in which it could not be handled'),
  reason: z.string(),
  exchange: z.string().nullable().describe('Where it was published first; null when nobody knows'),
  routingKey: z.string().nullable(),
  size: z.int().describe('Bytes of its body'),
  body: z.string().describe(`Its first ${PARKED_BODY_CHARACTERS.toLocaleString('en')} characters`),
  correlationId: z.string().nullable().describe("The job's id, where the message names it"),
  parkedAt: z.iso.datetime().nullable(),
});
export type ParkedMessage = z.infer<typeof parkedMessage>;

/** Query of `GET /api/media/parked`. */
export const listParkedQuery = z.strictObject(limitQuery);
export type ListParkedQuery = z.infer<typeof listParkedQuery>;

/** Answer of `GET /api/media/parked`. */
export const parkedList = z.object({
  data: z.array(parkedMessage).describe('The oldest of each queue first'),
  total: z.int().describe('All that are parked'),
});
export type ParkedList = z.infer<typeof parkedList>;

/** Body of `POST /api/media/parked/replay` and `.../discard`. */
export const chooseParkedBody = z
  .strictObject({
    ids: z.array(z.string().min(1).max(200)).min(1).max(1_000).optional(),
    reason: z.string().min(1).max(500).optional().describe('Text in the reason'),
  })
  .refine(({ ids, reason }) => ids !== undefined || reason !== undefined, {
    message: 'name ids or a reason: an action on every message is not meant',
  });
export type ChooseParkedBody = z.infer<typeof chooseParkedBody>;

const count = z.int().nonnegative();

/** How many messages were chosen, and how many of them were published again. */
export const replayAnswer = z.object({
  matched: count,
  replayed: count.describe('The others stay parked: nobody knows where they came from, or no queue took them'),
});
export type ReplayAnswer = z.infer<typeof replayAnswer>;

/** How many messages were chosen, and how many of them are gone. */
export const discardAnswer = z.object({ matched: count, discarded: count });
export type DiscardAnswer = z.infer<typeof discardAnswer>;
