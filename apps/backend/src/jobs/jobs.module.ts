import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { WorkflowEngineModule } from '../workflows/workflow-engine.module.js';
import { JobControlController } from './job-control.controller.js';
import { JobControlService } from './job-control.service.js';
import { JobParametersModule } from './job-parameters.module.js';
import { JobPlanService } from './job-plan.service.js';
import { JobReader } from './job-reader.service.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

@Module({
  imports: [LiveModule, JobParametersModule, WorkflowEngineModule],
  controllers: [JobsController, JobControlController],
  exports: [JobsService],
  providers: [JobsService, JobReader, JobControlService, JobPlanService],
})
export class JobsModule {}
