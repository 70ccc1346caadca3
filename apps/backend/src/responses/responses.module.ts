import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { WorkflowEngineModule } from '../workflows/workflow-engine.module.js';
import { Batches } from './answers.js';
import { CompletedConsumer } from './completed.consumer.js';
import { ErrorConsumer } from './error.consumer.js';
import { GiveBackConsumer } from './give-back.consumer.js';
import { LogConsumer } from './log.consumer.js';
import { ProgressionConsumer } from './progression.consumer.js';
import { Receipts } from './receipts.js';
import { StrayConsumer } from './stray.consumer.js';

@Module({
  imports: [LiveModule, WorkflowEngineModule],
  controllers: [CompletedConsumer, ProgressionConsumer, ErrorConsumer, GiveBackConsumer, LogConsumer, StrayConsumer],
  providers: [Batches, Receipts],
  exports: [Batches],
})
export class ResponsesModule {}
