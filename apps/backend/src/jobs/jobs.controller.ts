import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  attemptList,
  bulkCreateAnswer,
  bulkCreateBody,
  createdJob,
  createJobBody,
  jobDetail,
  jobExplanation,
  jobPage,
  jobStats,
  listJobsQuery,
  logPage,
  logQuery,
  simulateBody,
  simulation,
  type AttemptView,
  type BulkCreateAnswer,
  type BulkCreateBody,
  type CreatedJob,
  type CreateJobBody,
  type ExplanationView,
  type JobDetail,
  type JobPage,
  type JobStats,
  type ListJobsQuery,
  type LogPage,
  type LogQuery,
  type SimulateBody,
  type SimulationView,
} from '@reelay/contracts';
import type { FastifyReply } from 'fastify';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { checkKey, IDEMPOTENCY_HEADER, theKey } from './idempotency.js';
import { JobPlanService } from './job-plan.service.js';
import { JobReader } from './job-reader.service.js';
import { JobsService } from './jobs.service.js';

@ApiTags('jobs')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly reader: JobReader,
    private readonly plans: JobPlanService,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Submit a job' })
  @ApiHeader(theKey)
  @ApiBody({ schema: schemaOf(createJobBody, 'input') })
  @ApiResponse({ status: 201, description: 'The job is stored and will run', schema: schemaOf(createdJob) })
  @ApiProblems(422)
  async createJob(
    @Body(new ZodPipe(createJobBody)) body: CreateJobBody,
    @Headers(IDEMPOTENCY_HEADER) key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedJob> {
    const job = await this.jobs.create(body, checkKey(key));
    void reply.header('location', `/api/media/jobs/${job.id}`);
    return job;
  }

  @Get()
  @ApiOperation({ summary: 'List jobs' })
  @ApiQueries(listJobsQuery)
  @ApiResponse({ status: 200, description: 'A page of jobs, newest first', schema: schemaOf(jobPage) })
  listJobs(@Query(new ZodPipe(listJobsQuery)) query: ListJobsQuery): Promise<JobPage> {
    return this.reader.list(query);
  }

  @Post('bulk')
  @ApiOperation({ summary: 'Submit up to 1,000 jobs at once' })
  @ApiBody({ schema: schemaOf(bulkCreateBody, 'input') })
  @ApiResponse({
    status: 201,
    description: 'One outcome for each job, in their order',
    schema: schemaOf(bulkCreateAnswer),
  })
  @ApiProblems(422)
  @ApiHeader(theKey)
  createJobs(
    @Body(new ZodPipe(bulkCreateBody)) body: BulkCreateBody,
    @Headers(IDEMPOTENCY_HEADER) key: string | undefined,
  ): Promise<BulkCreateAnswer> {
    return this.jobs.createMany(body, checkKey(key));
  }

  @Get('stats')
  @ApiOperation({ summary: 'Figures of the queue' })
  @ApiResponse({ status: 200, description: 'Jobs by state and type, and what is in use', schema: schemaOf(jobStats) })
  jobStats(): Promise<JobStats> {
    return this.reader.stats();
  }

  @Post('simulate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Foretell when and where waiting jobs run, and imagined ones' })
  @ApiBody({ schema: schemaOf(simulateBody, 'input') })
  @ApiResponse({ status: 200, description: 'In the order of their starts', schema: schemaOf(simulation) })
  @ApiProblems(422)
  simulateJobs(@Body(new ZodPipe(simulateBody)) body: SimulateBody): Promise<SimulationView> {
    return this.plans.simulate(body);
  }

  @Get(':id/explain')
  @ApiOperation({ summary: 'Why a job waits: every constraint, its position, when it will start' })
  @ApiResponse({
    status: 200,
    description: 'By the plan that the dispatcher carries out',
    schema: schemaOf(jobExplanation),
  })
  @ApiProblems(404, 409)
  explainJob(@Param('id', uuidPipe) id: string): Promise<ExplanationView> {
    return this.plans.explain(id);
  }

  @Get(':id/attempts')
  @ApiOperation({ summary: 'Every try at a job' })
  @ApiResponse({ status: 200, description: 'The first try first', schema: schemaOf(attemptList) })
  @ApiProblems(404)
  async jobAttempts(@Param('id', uuidPipe) id: string): Promise<{ data: AttemptView[] }> {
    return { data: await this.reader.attempts(id) };
  }

  @Get(':id/log')
  @ApiOperation({ summary: "Lines of a job's log" })
  @ApiQueries(logQuery)
  @ApiResponse({ status: 200, description: 'Oldest first', schema: schemaOf(logPage) })
  @ApiProblems(404)
  jobLog(@Param('id', uuidPipe) id: string, @Query(new ZodPipe(logQuery)) query: LogQuery): Promise<LogPage> {
    return this.reader.log(id, query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a job with its log' })
  @ApiResponse({ status: 200, description: 'The job', schema: schemaOf(jobDetail) })
  @ApiProblems(404)
  getJob(@Param('id', uuidPipe) id: string): Promise<JobDetail> {
    return this.reader.get(id);
  }
}
