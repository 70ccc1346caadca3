import type { MessageEvent } from '@nestjs/common';
import { filter, interval, map, merge, share, takeUntil, type Observable } from 'rxjs';
import { endWith, ignoreElements } from 'rxjs/operators';
import type { FeedEvent } from './kept-feed.js';

/** Proxies close streams that are silent for a minute or less. */
const PING_MS = 15_000;

/** Sent where events were missed: the client is to read the list, or the job, again. */
const RESET: MessageEvent = { type: 'reset', data: { reason: 'events were missed: read the state again' } };

/** Events as a client gets them. @param type their name in the stream */
export const toMessages = <T extends object>(
  events: Observable<FeedEvent<T> | null>,
  type: string,
  wanted: (event: T) => boolean,
): Observable<MessageEvent> =>
  withPings(
    events.pipe(
      filter((heard) => heard === null || wanted(heard.event)),
      map((heard): MessageEvent => (heard === null ? RESET : { id: heard.eventId, type, data: heard.event })),
    ),
  );

/** A stream that is never silent for long. */
export function withPings(events: Observable<MessageEvent>): Observable<MessageEvent> {
  const shared = events.pipe(share());
  const ended = shared.pipe(ignoreElements(), endWith(true));
  const pings = interval(PING_MS).pipe(
    takeUntil(ended),
    map((): MessageEvent => ({ type: 'ping', data: {} })),
  );
  return merge(shared, pings);
}
