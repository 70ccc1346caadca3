import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
  Sse,
  type MessageEvent,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  listWorkflowsQuery,
  retryWorkflowBody,
  startedWorkflow,
  startWorkflowBody,
  workflowDetail,
  workflowPage,
  type ListWorkflowsQuery,
  type RetryWorkflowBody,
  type StartedWorkflow,
  type StartWorkflowBody,
  type WorkflowDetail,
  type WorkflowPage,
} from '@reelay/contracts';
import type { FastifyReply } from 'fastify';
import { concat, of, type Observable } from 'rxjs';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { checkKey, IDEMPOTENCY_HEADER, theKey } from '../jobs/idempotency.js';
import { EventFeed } from '../live/event-feed.js';
import { toMessages } from '../live/sse.js';
import { WorkflowReader } from './workflow-reader.service.js';
import { WorkflowsService } from './workflows.service.js';

const theWorkflow = { status: 200, description: 'The workflow as it is now', schema: schemaOf(workflowDetail) };

/** Runs of workflow templates. */
@ApiTags('workflows')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/workflows')
export class WorkflowsController {
  constructor(
    private readonly workflows: WorkflowsService,
    private readonly reader: WorkflowReader,
    private readonly feed: EventFeed,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Start a workflow' })
  @ApiHeader(theKey)
  @ApiBody({ schema: schemaOf(startWorkflowBody, 'input') })
  @ApiResponse({
    status: 201,
    description: 'It is stored, with its first jobs, and will run',
    schema: schemaOf(startedWorkflow),
  })
  @ApiProblems(422)
  async startWorkflow(
    @Body(new ZodPipe(startWorkflowBody)) body: StartWorkflowBody,
    @Headers(IDEMPOTENCY_HEADER) key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StartedWorkflow> {
    const workflow = await this.workflows.start(body, checkKey(key));
    void reply.header('location', `/api/media/workflows/${workflow.id}`);
    return workflow;
  }

  @Get()
  @ApiOperation({ summary: 'List workflows' })
  @ApiQueries(listWorkflowsQuery)
  @ApiResponse({ status: 200, description: 'A page of workflows, newest first', schema: schemaOf(workflowPage) })
  listWorkflows(@Query(new ZodPipe(listWorkflowsQuery)) query: ListWorkflowsQuery): Promise<WorkflowPage> {
    return this.reader.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a workflow with its graph' })
  @ApiResponse(theWorkflow)
  @ApiProblems(404)
  getWorkflow(@Param('id', uuidPipe) id: string): Promise<WorkflowDetail> {
    return this.reader.get(id);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Try again what failed, if need be with other parameters' })
  @ApiBody({ required: false, schema: schemaOf(retryWorkflowBody, 'input') })
  @ApiResponse(theWorkflow)
  @ApiProblems(404, 409, 422)
  retryWorkflow(
    @Param('id', uuidPipe) id: string,
    @Body(new ZodPipe(retryWorkflowBody.prefault({}))) body: RetryWorkflowBody,
  ): Promise<WorkflowDetail> {
    return this.workflows.retry(id, body);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel a workflow with all of its jobs' })
  @ApiResponse(theWorkflow)
  @ApiProblems(404, 409)
  cancelWorkflow(@Param('id', uuidPipe) id: string): Promise<WorkflowDetail> {
    return this.workflows.cancel(id);
  }

  @Post(':id/hold')
  @HttpCode(200)
  @ApiOperation({ summary: 'Begin no further step; what runs goes on' })
  @ApiResponse(theWorkflow)
  @ApiProblems(404, 409)
  holdWorkflow(@Param('id', uuidPipe) id: string): Promise<WorkflowDetail> {
    return this.workflows.hold(id);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Go on with a held workflow, without what failed' })
  @ApiResponse(theWorkflow)
  @ApiProblems(404, 409)
  resumeWorkflow(@Param('id', uuidPipe) id: string): Promise<WorkflowDetail> {
    return this.workflows.resume(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a workflow that is over, with its jobs' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  @ApiProblems(404, 409)
  deleteWorkflow(@Param('id', uuidPipe) id: string): Promise<void> {
    return this.workflows.remove(id);
  }

  @Sse(':id/events')
  @ApiOperation({
    summary: 'Changes of a workflow and of its jobs, live (text/event-stream); begins with the state it is in',
  })
  @ApiProblems(404)
  async workflowEvents(
    @Param('id', uuidPipe) id: string,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<Observable<MessageEvent>> {
    const { template, version, status } = await this.reader.require(id);
    const at = new Date().toISOString();
    const data = { workflowId: id, template: `${template}@${String(version)}`, status, at };
    const changes = toMessages(this.feed.stream(lastEventId ?? null), ({ event }) => event.workflowId === id);
    return lastEventId === undefined ? concat(of<MessageEvent>({ type: 'workflow', data }), changes) : changes;
  }
}
