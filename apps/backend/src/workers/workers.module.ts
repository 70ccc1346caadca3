import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { LiveModule } from '../live/live.module.js';
import { ResponsesModule } from '../responses/responses.module.js';
import { WorkerWatch } from './worker-watch.js';
import { WorkersConsumer } from './workers.consumer.js';
import { WorkersController } from './workers.controller.js';

@Module({
  imports: [LiveModule, DispatchModule, ResponsesModule],
  controllers: [WorkersConsumer, WorkersController],
  providers: [WorkerWatch],
})
export class WorkersModule {}
