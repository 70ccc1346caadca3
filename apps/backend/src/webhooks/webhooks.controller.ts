import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  changeWebhookBody,
  createWebhookBody,
  deliveryPage,
  deliveryView,
  listDeliveriesQuery,
  listWebhooksQuery,
  webhookList,
  webhookView,
  webhookWithSecret,
  type ChangeWebhookBody,
  type CreateWebhookBody,
  type DeliveryPage,
  type DeliveryView,
  type ListDeliveriesQuery,
  type ListWebhooksQuery,
  type WebhookView,
  type WebhookWithSecret,
} from '@reelay/contracts';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { WebhooksService } from './webhooks.service.js';

const theWebhook = { schema: schemaOf(webhookView) };
const withSecret = { schema: schemaOf(webhookWithSecret) };
const theDelivery = { schema: schemaOf(deliveryView) };

/** Addresses that are told what becomes of jobs and workflows, by signed POST requests. */
@ApiTags('webhooks')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Get('webhooks')
  @ApiOperation({ summary: 'List webhooks' })
  @ApiQueries(listWebhooksQuery)
  @ApiResponse({ status: 200, description: 'All of them, the oldest first', schema: schemaOf(webhookList) })
  async listWebhooks(
    @Query(new ZodPipe(listWebhooksQuery)) query: ListWebhooksQuery,
  ): Promise<{ data: WebhookView[] }> {
    return { data: await this.webhooks.list(query) };
  }

  @Post('webhooks')
  @ApiOperation({ summary: 'Make a webhook; messages are signed as Standard Webhooks says' })
  @ApiBody({ schema: schemaOf(createWebhookBody, 'input') })
  @ApiResponse({ status: 201, description: 'The webhook, with its secret, which is not shown again', ...withSecret })
  createWebhook(@Body(new ZodPipe(createWebhookBody)) body: CreateWebhookBody): Promise<WebhookWithSecret> {
    return this.webhooks.create(body);
  }

  @Get('webhooks/:id')
  @ApiOperation({ summary: 'Show a webhook' })
  @ApiResponse({ status: 200, description: 'The webhook', ...theWebhook })
  @ApiProblems(404)
  getWebhook(@Param('id', uuidPipe) id: string): Promise<WebhookView> {
    return this.webhooks.get(id);
  }

  @Patch('webhooks/:id')
  @ApiOperation({ summary: 'Change a webhook' })
  @ApiBody({ schema: schemaOf(changeWebhookBody, 'input') })
  @ApiResponse({ status: 200, description: 'The webhook', ...theWebhook })
  @ApiProblems(404)
  changeWebhook(
    @Param('id', uuidPipe) id: string,
    @Body(new ZodPipe(changeWebhookBody)) body: ChangeWebhookBody,
  ): Promise<WebhookView> {
    return this.webhooks.change(id, body);
  }

  @Delete('webhooks/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a webhook, and the log of its deliveries' })
  @ApiResponse({ status: 204, description: 'It is deleted; what waited to be sent is not sent' })
  @ApiProblems(404)
  deleteWebhook(@Param('id', uuidPipe) id: string): Promise<void> {
    return this.webhooks.delete(id);
  }

  @Post('webhooks/:id/secret')
  @HttpCode(200)
  @ApiOperation({ summary: "Renew a webhook's secret; what is sent from now on is signed with it" })
  @ApiResponse({ status: 200, description: 'The webhook, with its new secret', ...withSecret })
  @ApiProblems(404)
  renewSecret(@Param('id', uuidPipe) id: string): Promise<WebhookWithSecret> {
    return this.webhooks.renewSecret(id);
  }

  @Post('webhooks/:id/test')
  @ApiOperation({ summary: 'Send a webhook a message to try it' })
  @ApiResponse({ status: 201, description: 'The delivery; ask for it again to see how it went', ...theDelivery })
  @ApiProblems(404, 409)
  testWebhook(@Param('id', uuidPipe) id: string): Promise<DeliveryView> {
    return this.webhooks.test(id);
  }

  @Get('webhooks/:id/deliveries')
  @ApiOperation({ summary: 'List what a webhook was told, for 30 days' })
  @ApiQueries(listDeliveriesQuery)
  @ApiResponse({ status: 200, description: 'A page of deliveries, newest first', schema: schemaOf(deliveryPage) })
  @ApiProblems(404)
  listDeliveries(
    @Param('id', uuidPipe) id: string,
    @Query(new ZodPipe(listDeliveriesQuery)) query: ListDeliveriesQuery,
  ): Promise<DeliveryPage> {
    return this.webhooks.deliveries(id, query);
  }

  @Get('deliveries/:id')
  @ApiOperation({ summary: 'Show a delivery' })
  @ApiResponse({ status: 200, description: 'The delivery', ...theDelivery })
  @ApiProblems(404)
  getDelivery(@Param('id', uuidPipe) id: string): Promise<DeliveryView> {
    return this.webhooks.delivery(id);
  }

  @Post('deliveries/:id/replay')
  @ApiOperation({ summary: 'Send a message once more; it keeps its id' })
  @ApiResponse({ status: 201, description: 'The new delivery', ...theDelivery })
  @ApiProblems(404, 409)
  replayDelivery(@Param('id', uuidPipe) id: string): Promise<DeliveryView> {
    return this.webhooks.replay(id);
  }
}
