import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  changeTemplateBody,
  createTemplateBody,
  templateCheck,
  templateDetail,
  templateList,
  templateName,
  templateReference,
  templateView,
  type TemplateCheck,
  type TemplateDetail,
  type TemplateSummary,
  type TemplateView,
} from '@reelay/contracts';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { TemplateChecks } from './template-checks.js';
import { TemplatesService } from './templates.service.js';

const namePipe = new ZodPipe(templateName);
const referencePipe = new ZodPipe(templateReference);
const theTemplate = { schema: schemaOf(templateView) };

/** Graphs of jobs, as data. A body's faults are all told at once, each with its place. */
@ApiTags('workflow templates')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/workflow-templates')
export class TemplatesController {
  constructor(
    private readonly templates: TemplatesService,
    private readonly checks: TemplateChecks,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List workflow templates' })
  @ApiResponse({
    status: 200,
    description: 'The newest version of each; the built-in ones first',
    schema: schemaOf(templateList),
  })
  async listTemplates(): Promise<{ data: TemplateSummary[] }> {
    return { data: await this.templates.list() };
  }

  @Post()
  @ApiOperation({ summary: 'Make a workflow template' })
  @ApiBody({ schema: schemaOf(createTemplateBody, 'input') })
  @ApiResponse({ status: 201, description: 'Its first version', ...theTemplate })
  @ApiProblems(409, 422)
  createTemplate(@Body() body: unknown): Promise<TemplateView> {
    return this.templates.create(body);
  }

  @Post('validate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Check a workflow template without storing it' })
  @ApiBody({ schema: schemaOf(createTemplateBody, 'input') })
  @ApiResponse({ status: 200, description: 'All that is wrong with it', schema: schemaOf(templateCheck) })
  validateTemplate(@Body() body: unknown): Promise<TemplateCheck> {
    return this.checks.check(body);
  }

  @Get(':name')
  @ApiOperation({ summary: 'Show a workflow template, or with name@version one of its versions' })
  @ApiResponse({ status: 200, description: 'The template and its versions', schema: schemaOf(templateDetail) })
  @ApiProblems(404)
  getTemplate(@Param('name', referencePipe) reference: string): Promise<TemplateDetail> {
    return this.templates.get(reference);
  }

  @Put(':name')
  @ApiOperation({ summary: 'Make a new version of a workflow template; runs that are there keep theirs' })
  @ApiBody({ schema: schemaOf(changeTemplateBody, 'input') })
  @ApiResponse({ status: 200, description: 'The new version; the newest one when nothing changed', ...theTemplate })
  @ApiProblems(404, 409, 422)
  changeTemplate(@Param('name', namePipe) name: string, @Body() body: unknown): Promise<TemplateView> {
    return this.templates.change(name, body);
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a workflow template: new workflows cannot use it' })
  @ApiResponse({ status: 204, description: 'It is deleted; runs that are there go on' })
  @ApiProblems(404, 409)
  deleteTemplate(@Param('name', namePipe) name: string): Promise<void> {
    return this.templates.delete(name);
  }
}
