import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { workerList, workerView, type DirectMessage, type WorkerView } from '@reelay/contracts';
import { listWorkers, wishOfWorker, type WorkerWish } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { ApiError } from '../http/api-error.js';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';

const theWorker = { status: 200, description: 'The worker', schema: schemaOf(workerView) };

@ApiTags('workers')
@ApiBearerAuth()
@ApiProblems(401, 503)
@Controller('api/media/workers')
export class WorkersController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly broker: Broker,
    private readonly dispatcher: Dispatcher,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List workers, those heard of last first' })
  @ApiResponse({ status: 200, description: 'The workers of the last days', schema: schemaOf(workerList) })
  async listWorkers(): Promise<{ data: WorkerView[] }> {
    return { data: await listWorkers(this.dataSource) };
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send nothing to a worker; what it runs goes on' })
  @ApiResponse(theWorker)
  @ApiProblems(404)
  pauseWorker(@Param('id') id: string): Promise<WorkerView> {
    return this.setWish(id, 'pause', { type: 'stop_consuming_jobs' });
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a paused worker take orders again' })
  @ApiResponse(theWorker)
  @ApiProblems(404)
  resumeWorker(@Param('id') id: string): Promise<WorkerView> {
    return this.setWish(id, 'work', { type: 'resume_consuming_jobs' });
  }

  @Post(':id/drain')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a worker end what it runs, within its grace period, and stop' })
  @ApiResponse(theWorker)
  @ApiProblems(404)
  drainWorker(@Param('id') id: string): Promise<WorkerView> {
    return this.setWish(id, 'drain', { type: 'stop_worker' });
  }

  /** The record decides; a message that is lost is sent again when the worker's next status shows it. */
  private async setWish(id: string, wish: WorkerWish, message: DirectMessage): Promise<WorkerView> {
    if (!(await wishOfWorker(this.dataSource, id, wish))) {
      throw new ApiError(404, 'WORKER_NOT_FOUND', `There is no worker ${id}`);
    }
    this.broker.tell(id, message);
    this.dispatcher.wake();
    const worker = (await listWorkers(this.dataSource)).find(({ instanceId }) => instanceId === id);
    if (!worker) throw new ApiError(404, 'WORKER_NOT_FOUND', `There is no worker ${id}`);
    return worker;
  }
}
