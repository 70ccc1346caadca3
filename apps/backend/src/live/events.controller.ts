import { Controller, Headers, Param, Query, Sse, type MessageEvent } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { eventsQuery, logEventsQuery, type EventsQuery, type LogEventsQuery } from '@reelay/contracts';
import { JobEntity } from '@reelay/persistence';
import { concat, map, of, type Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { EventFeed } from './event-feed.js';
import { jobEventOf } from './job-event.js';
import { LogFeed } from './log-feed.js';
import { toMessages, withPings } from './sse.js';

/** Changes of jobs as server-sent events; `Last-Event-ID` continues where a stream broke off. */
@ApiTags('events')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media')
export class EventsController {
  constructor(
    private readonly feed: EventFeed,
    private readonly logs: LogFeed,
    private readonly dataSource: DataSource,
  ) {}

  @Sse('events')
  @ApiOperation({ summary: 'Changes of all jobs, live (text/event-stream)' })
  @ApiQueries(eventsQuery)
  allEvents(
    @Query(new ZodPipe(eventsQuery)) query: EventsQuery,
    @Headers('last-event-id') lastEventId?: string,
  ): Observable<MessageEvent> {
    const { status, type } = query;
    return toMessages(
      this.feed.stream(lastEventId ?? null),
      ({ kind, event }) =>
        kind === 'job' && (!status || status.includes(event.status)) && (!type || type.includes(event.type)),
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
    const now: MessageEvent = { type: 'job', data: jobEventOf(job, new Date().toISOString()) };
    const changes = toMessages(
      this.feed.stream(lastEventId ?? null),
      ({ kind, event }) => kind === 'job' && event.id === id,
    );
    return lastEventId === undefined ? concat(of(now), changes) : changes;
  }

  @Sse('jobs/:id/log/events')
  @ApiOperation({ summary: "A job's log, live (text/event-stream); `Last-Event-ID` or `after` continue after a line" })
  @ApiQueries(logEventsQuery)
  @ApiProblems(404)
  async logLines(
    @Param('id', uuidPipe) id: string,
    @Query(new ZodPipe(logEventsQuery)) { after }: LogEventsQuery,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<Observable<MessageEvent>> {
    const known = await this.dataSource.getRepository(JobEntity).existsBy({ id });
    if (!known) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    const last = logEventsQuery.shape.after.catch(0).parse(lastEventId);
    const lines = this.logs.stream(id, Math.max(after, last));
    return withPings(
      lines.pipe(
        map(({ seq, at, line }): MessageEvent => ({
          id: String(seq),
          type: 'log',
          data: { seq, at: at.toISOString(), line },
        })),
      ),
    );
  }
}
