import type { MessageEvent } from '@nestjs/common';
import { filter, interval, map, merge, share, takeUntil, type Observable } from 'rxjs';
import { endWith, ignoreElements } from 'rxjs/operators';
import type { Change } from './event-feed.js';
import type { FeedEvent } from './kept-feed.js';

/** Proxies close streams that are silent for a minute or less. */
const PING_MS = 15_000;

/** Sent where events were missed: the client is to read the list, or the job, again. */
const RESET: MessageEvent = { type: 'reset', data: { reason: 'events were missed: read the state again' } };

/** Changes as a client gets them, under the names of their kinds. */
export const toMessages = (
  changes: Observable<FeedEvent<Change> | null>,
  wanted: (change: Change) => boolean,
): Observable<MessageEvent> =>
  withPings(
    changes.pipe(
      filter((heard) => heard === null || wanted(heard.event)),
      map((heard): MessageEvent => {
        if (heard === null) return RESET;
        const { kind, event } = heard.event;
        return { id: heard.eventId, type: kind, data: event };
      }),
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
