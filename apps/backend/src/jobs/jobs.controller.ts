import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  createJobBody,
  DEFAULT_PAGE_LIMIT,
  JOB_SORTS,
  JOB_STATUSES,
  jobDetail,
  jobPage,
  jobSummary,
  listJobsQuery,
  MAX_PAGE_LIMIT,
  RESOURCE_CATEGORIES,
  type CreateJobBody,
  type JobDetail,
  type JobPage,
  type ListJobsQuery,
} from '@reelay/contracts';
import type { FastifyReply } from 'fastify';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { JobsService, type CreatedJob } from './jobs.service.js';

const createdJob = jobSummary.pick({ id: true, type: true, status: true, progress: true, createdAt: true });

@ApiTags('jobs')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Post()
  @ApiOperation({ summary: 'Submit a job' })
  @ApiBody({ schema: schemaOf(createJobBody, 'input') })
  @ApiResponse({ status: 201, description: 'The job is stored and will run', schema: schemaOf(createdJob) })
  @ApiProblems(422)
  async createJob(
    @Body(new ZodPipe(createJobBody)) body: CreateJobBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedJob> {
    const job = await this.jobs.create(body);
    void reply.header('location', `/api/media/jobs/${job.id}`);
    return job;
  }

  @Get()
  @ApiOperation({ summary: 'List jobs' })
  @ApiQuery({ name: 'page', required: false, schema: { type: 'integer', minimum: 1, default: 1 } })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: MAX_PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT },
  })
  @ApiQuery({ name: 'status', required: false, isArray: true, enum: JOB_STATUSES })
  @ApiQuery({ name: 'type', required: false, isArray: true, type: String })
  @ApiQuery({ name: 'resourceCategory', required: false, isArray: true, enum: RESOURCE_CATEGORIES })
  @ApiQuery({ name: 'sort', required: false, enum: JOB_SORTS })
  @ApiResponse({ status: 200, description: 'A page of jobs, newest first', schema: schemaOf(jobPage) })
  listJobs(@Query(new ZodPipe(listJobsQuery)) query: ListJobsQuery): Promise<JobPage> {
    return this.jobs.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a job with its log' })
  @ApiResponse({ status: 200, description: 'The job', schema: schemaOf(jobDetail) })
  @ApiProblems(404)
  getJob(@Param('id', uuidPipe) id: string): Promise<JobDetail> {
    return this.jobs.get(id);
  }
}
