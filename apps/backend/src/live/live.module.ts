import { Module } from '@nestjs/common';
import { JobChanges } from './job-changes.js';
import { JobEventsPublisher } from './job-events.publisher.js';

@Module({ providers: [JobChanges, JobEventsPublisher], exports: [JobChanges] })
export class LiveModule {}
