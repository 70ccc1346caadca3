import { Module } from '@nestjs/common';
import { DirectoryTypesModule } from '../directory-types/directory-types.module.js';
import { LiveModule } from '../live/live.module.js';
import { PresetsModule } from '../presets/presets.module.js';
import { JobControlController } from './job-control.controller.js';
import { JobControlService } from './job-control.service.js';
import { JobParameters } from './job-parameters.js';
import { JobPlanService } from './job-plan.service.js';
import { JobReader } from './job-reader.service.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

@Module({
  imports: [DirectoryTypesModule, LiveModule, PresetsModule],
  controllers: [JobsController, JobControlController],
  exports: [JobsService],
  providers: [JobsService, JobReader, JobControlService, JobPlanService, JobParameters],
})
export class JobsModule {}
