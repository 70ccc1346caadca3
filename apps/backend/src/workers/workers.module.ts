import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { LiveModule } from '../live/live.module.js';
import { ResponsesModule } from '../responses/responses.module.js';
import { WorkflowEngineModule } from '../workflows/workflow-engine.module.js';
import { JobTypesController } from './job-types.controller.js';
import { SettingsController } from './settings.controller.js';
import { WorkerWatch } from './worker-watch.js';
import { WorkersConsumer } from './workers.consumer.js';
import { WorkersController } from './workers.controller.js';

@Module({
  imports: [LiveModule, DispatchModule, ResponsesModule, WorkflowEngineModule],
  controllers: [WorkersConsumer, WorkersController, JobTypesController, SettingsController],
  providers: [WorkerWatch],
})
export class WorkersModule {}
