import { Module } from '@nestjs/common';
import { JobParametersModule } from '../jobs/job-parameters.module.js';
import { LiveModule } from '../live/live.module.js';
import { WorkflowEngine } from './workflow-engine.js';
import { WorkflowRetries } from './workflow-retries.js';
import { WorkflowSweeper } from './workflow-sweeper.js';

/** What carries workflows on, for all that changes jobs. */
@Module({
  imports: [LiveModule, JobParametersModule],
  providers: [WorkflowEngine, WorkflowRetries, WorkflowSweeper],
  exports: [WorkflowEngine, WorkflowRetries],
})
export class WorkflowEngineModule {}
