import { Controller, Headers, Param, Query, Sse, type MessageEvent } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { eventsQuery, JOB_STATUSES, logEventsQuery, type EventsQuery, type LogEventsQuery } from '@reelay/contracts';
import { JobEntity } from '@reelay/persistence';
import { concat, map, of, type Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { EventFeed } from './event-feed.js';
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
  @ApiQuery({ name: 'status', required: false, isArray: true, enum: JOB_STATUSES })
  @ApiQuery({ name: 'type', required: false, isArray: true, type: String })
  allEvents(
    @Query(new ZodPipe(eventsQuery)) query: EventsQuery,
    @Headers('last-event-id') lastEventId?: string,
  ): Observable<MessageEvent> {
    const { status, type } = query;
    return toMessages(
      this.feed.jobs.stream(lastEventId ?? null),
      'job',
      (event) => (!status || status.includes(event.status)) && (!type || type.includes(event.type)),
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
    const changes = toMessages(this.feed.jobs.stream(lastEventId ?? null), 'job', (event) => event.id === id);
    return lastEventId === undefined ? concat(of(now), changes) : changes;
  }

  @Sse('jobs/:id/log/events')
  @ApiOperation({ summary: "A job's log, live (text/event-stream); `Last-Event-ID` or `after` continue after a line" })
  @ApiQuery({ name: 'after', required: false, schema: { type: 'integer', minimum: 0, default: 0 } })
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
