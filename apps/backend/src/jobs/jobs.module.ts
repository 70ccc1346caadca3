import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { JobParameters } from './job-parameters.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

@Module({
  imports: [LiveModule],
  controllers: [JobsController],
  providers: [JobsService, JobParameters],
})
export class JobsModule {}
