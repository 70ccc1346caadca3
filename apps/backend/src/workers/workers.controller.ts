import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { workerList, type WorkerView } from '@reelay/contracts';
import { listWorkers } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';

@ApiTags('workers')
@ApiBearerAuth()
@ApiProblems(401, 503)
@Controller('api/media/workers')
export class WorkersController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  @ApiOperation({ summary: 'List workers, those heard of last first' })
  @ApiResponse({ status: 200, description: 'The workers of the last days', schema: schemaOf(workerList) })
  async listWorkers(): Promise<{ data: WorkerView[] }> {
    return { data: await listWorkers(this.dataSource) };
  }
}
