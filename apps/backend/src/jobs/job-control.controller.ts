import { Body, Controller, Delete, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  bulkActionAnswer,
  bulkActionBody,
  jobDetail,
  patchJobBody,
  type BulkActionAnswer,
  type BulkActionBody,
  type JobDetail,
  type PatchJobBody,
} from '@reelay/contracts';
import type { FastifyReply } from 'fastify';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { JobControlService } from './job-control.service.js';

const theJob = { status: 200, description: 'The job as it is now', schema: schemaOf(jobDetail) };

@ApiTags('jobs')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/jobs')
export class JobControlController {
  constructor(private readonly control: JobControlService) {}

  @Post('actions')
  @HttpCode(200)
  @ApiOperation({ summary: 'Do something to every job that a filter chooses' })
  @ApiBody({ schema: schemaOf(bulkActionBody, 'input') })
  @ApiResponse({
    status: 200,
    description: 'How many matched and how many changed',
    schema: schemaOf(bulkActionAnswer),
  })
  async actOnJobs(
    @Body(new ZodPipe(bulkActionBody)) body: BulkActionBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkActionAnswer> {
    const gone = new AbortController();
    reply.raw.once('close', () => {
      gone.abort();
    });
    return this.control.actOnAll(body, gone.signal);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Try a failed or cancelled job again, now' })
  @ApiResponse(theJob)
  @ApiProblems(404, 409)
  retryJob(@Param('id', uuidPipe) id: string): Promise<JobDetail> {
    return this.control.act('retry', id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel a job; what runs is stopped' })
  @ApiResponse(theJob)
  @ApiProblems(404, 409)
  cancelJob(@Param('id', uuidPipe) id: string): Promise<JobDetail> {
    return this.control.act('cancel', id);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Pause a job that waits or runs' })
  @ApiResponse(theJob)
  @ApiProblems(404, 409)
  pauseJob(@Param('id', uuidPipe) id: string): Promise<JobDetail> {
    return this.control.act('pause', id);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Resume a paused job' })
  @ApiResponse(theJob)
  @ApiProblems(404, 409)
  resumeJob(@Param('id', uuidPipe) id: string): Promise<JobDetail> {
    return this.control.act('resume', id);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change the priority of a job that waits' })
  @ApiBody({ schema: schemaOf(patchJobBody, 'input') })
  @ApiResponse(theJob)
  @ApiProblems(404, 409)
  patchJob(@Param('id', uuidPipe) id: string, @Body(new ZodPipe(patchJobBody)) body: PatchJobBody): Promise<JobDetail> {
    return this.control.prioritise(id, body.priority);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a job that is over, with its log' })
  @ApiResponse({ status: 204, description: 'It is gone' })
  @ApiProblems(404, 409)
  deleteJob(@Param('id', uuidPipe) id: string): Promise<void> {
    return this.control.remove(id);
  }
}
