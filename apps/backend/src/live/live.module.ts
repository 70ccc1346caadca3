import { Module } from '@nestjs/common';
import { EventFeed } from './event-feed.js';
import { EventsController } from './events.controller.js';
import { JobChanges } from './job-changes.js';
import { JobEventsPublisher } from './job-events.publisher.js';
import { LogFeed } from './log-feed.js';
import { WorkflowEventsPublisher } from './workflow-events.publisher.js';

@Module({
  controllers: [EventsController],
  providers: [JobChanges, JobEventsPublisher, WorkflowEventsPublisher, EventFeed, LogFeed],
  exports: [JobChanges, LogFeed, EventFeed, WorkflowEventsPublisher],
})
export class LiveModule {}
