import { Controller, Headers, Param, Query, Sse, type MessageEvent } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { eventsQuery, JOB_STATUSES, type EventsQuery } from '@reelay/contracts';
import { JobEntity } from '@reelay/persistence';
import { concat, filter, interval, map, merge, of, takeUntil, type Observable } from 'rxjs';
import { ignoreElements, endWith } from 'rxjs/operators';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { EventFeed, type FeedEvent } from './event-feed.js';

/** Proxies close streams that are silent for a minute or less. */
const PING_MS = 15_000;

/** Sent where events were missed: the client is to read the list, or the job, again. */
const RESET: MessageEvent = { type: 'reset', data: { reason: 'events were missed: read the state again' } };

const toMessage = ({ eventId, event }: FeedEvent): MessageEvent => ({ id: eventId, type: 'job', data: event });

/** Changes of jobs as server-sent events; `Last-Event-ID` continues where a stream broke off. */
@ApiTags('events')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media')
export class EventsController {
  constructor(
    private readonly feed: EventFeed,
    private readonly dataSource: DataSource,
  ) {}

  @Sse('events')
  @ApiOperation({ summary: 'Changes of all jobs, live (text/event-stream)' })
  @ApiQuery({ name: 'status', required: false, isArray: true, enum: JOB_STATUSES })
  @ApiQuery({ name: 'type', required: false, isArray: true, type: String })
  allEvents(
    @Query(new ZodPipe(eventsQuery)) query: EventsQuery,
    @Headers('last-event-id') lastEventId?: string,
  ): Observable<MessageEvent> {
    const { status, type } = query;
    return this.messages(
      lastEventId ?? null,
      ({ event }) => (!status || status.includes(event.status)) && (!type || type.includes(event.type)),
    );
  }

  @Sse('jobs/:id/events')
  @ApiOperation({ summary: 'Changes of one job, live (text/event-stream); begins with the state it is in' })
  @ApiProblems(404)
  async jobEvents(
    @Param('id', uuidPipe) id: string,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<Observable<MessageEvent>> {
    const job = await this.dataSource.getRepository(JobEntity).findOneBy({ id });
    if (!job) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    const { type, status, progress } = job;
    const now: MessageEvent = { type: 'job', data: { id, type, status, progress, at: new Date().toISOString() } };
    const changes = this.messages(lastEventId ?? null, ({ event }) => event.id === id);
    return lastEventId === undefined ? concat(of(now), changes) : changes;
  }

  private messages(lastEventId: string | null, wanted: (heard: FeedEvent) => boolean): Observable<MessageEvent> {
    const events = this.feed.stream(lastEventId).pipe(
      filter((heard) => heard === null || wanted(heard)),
      map((heard) => (heard === null ? RESET : toMessage(heard))),
    );
    const ended = events.pipe(ignoreElements(), endWith(true));
    const pings = interval(PING_MS).pipe(
      takeUntil(ended),
      map((): MessageEvent => ({ type: 'ping', data: {} })),
    );
    return merge(events, pings);
  }
}
