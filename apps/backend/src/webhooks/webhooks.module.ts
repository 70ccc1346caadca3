import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { WebhookDeliverer } from './webhook-deliverer.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

@Module({
  imports: [LiveModule],
  controllers: [WebhooksController],
  providers: [WebhooksService, WebhookDeliverer, WebhookSender],
  exports: [WebhookDeliverer],
})
export class WebhooksModule {}
