import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { WebhooksModule } from '../webhooks/webhooks.module.js';
import { TemplateChecks } from './template-checks.js';
import { TemplatesController } from './templates.controller.js';
import { TemplatesService } from './templates.service.js';
import { WorkflowEngineModule } from './workflow-engine.module.js';
import { WorkflowReader } from './workflow-reader.service.js';
import { WorkflowsController } from './workflows.controller.js';
import { WorkflowsService } from './workflows.service.js';

@Module({
  imports: [LiveModule, WebhooksModule, WorkflowEngineModule],
  controllers: [TemplatesController, WorkflowsController],
  providers: [TemplateChecks, TemplatesService, WorkflowReader, WorkflowsService],
})
export class WorkflowsModule {}
