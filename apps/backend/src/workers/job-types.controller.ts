import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  JOB_CONTRACTS,
  JOB_TYPE_PATTERN,
  jobTypeList,
  jobTypeView,
  parametersJsonSchema,
  resultJsonSchema,
  type JobTypeView,
} from '@reelay/contracts';
import { pauseJobType, readJobTypes, type JobTypeRecord } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { ApiError } from '../http/api-error.js';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ZodPipe } from '../http/zod.pipe.js';

const typePipe = new ZodPipe(z.string().regex(JOB_TYPE_PATTERN, 'must be the name of a job type'));
const theType = { status: 200, description: 'The job type', schema: schemaOf(jobTypeView) };

@ApiTags('job types')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/job-types')
export class JobTypesController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dispatcher: Dispatcher,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List job types, built in or announced, with their schemas' })
  @ApiResponse({ status: 200, description: 'By name', schema: schemaOf(jobTypeList) })
  async listJobTypes(): Promise<{ data: JobTypeView[] }> {
    return { data: await this.views() };
  }

  @Get(':type')
  @ApiOperation({ summary: 'Show a job type' })
  @ApiResponse(theType)
  @ApiProblems(404)
  async getJobType(@Param('type', typePipe) type: string): Promise<JobTypeView> {
    const found = (await this.views()).find((view) => view.type === type);
    if (!found) throw new ApiError(404, 'JOB_TYPE_NOT_FOUND', `Nobody has announced job type ${type}`);
    return found;
  }

  @Post(':type/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send no more jobs of a type; what runs goes on' })
  @ApiResponse(theType)
  @ApiProblems(404)
  pauseJobType(@Param('type', typePipe) type: string): Promise<JobTypeView> {
    return this.setPaused(type, true);
  }

  @Post(':type/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send jobs of a type again' })
  @ApiResponse(theType)
  @ApiProblems(404)
  resumeJobType(@Param('type', typePipe) type: string): Promise<JobTypeView> {
    return this.setPaused(type, false);
  }

  private async setPaused(type: string, paused: boolean): Promise<JobTypeView> {
    await this.getJobType(type);
    await pauseJobType(this.dataSource, type, paused);
    this.dispatcher.wake();
    return this.getJobType(type);
  }

  private async views(): Promise<JobTypeView[]> {
    const { announced, paused } = await readJobTypes(this.dataSource);
    const records = new Map(announced.map((record) => [record.name, record]));
    const names = [...new Set([...JOB_CONTRACTS.keys(), ...records.keys()])].sort();
    return names.map((name) => toView(name, records.get(name), paused.has(name)));
  }
}

/** What Reelay ships is described by its contract, anything else by the worker that announced it last. */
function toView(type: string, record: JobTypeRecord | undefined, paused: boolean): JobTypeView {
  const contract = JOB_CONTRACTS.get(type);
  return {
    type,
    label: contract?.label ?? record?.label ?? type,
    shortDescription: contract?.shortDescription ?? record?.shortDescription ?? '',
    description: contract?.description ?? record?.description ?? '',
    resourceCategory: contract?.category ?? record?.category ?? 'cpu',
    vramRequired: contract?.vramMb ?? record?.jobVramMb ?? 0,
    parameters: contract ? parametersJsonSchema(contract) : (record?.parameters ?? {}),
    result: contract ? resultJsonSchema(contract) : null,
    builtIn: contract !== undefined,
    liveWorkers: record?.liveWorkers ?? 0,
    paused,
    lastAnnouncedAt: record?.lastAnnouncedAt.toISOString() ?? null,
  };
}
