import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  changePresetBody,
  createPresetBody,
  planPresetBody,
  presetList,
  presetName,
  presetPlan,
  presetReference,
  presetView,
  type ChangePresetBody,
  type CreatePresetBody,
  type PlanPresetBody,
  type PresetPlan,
  type PresetView,
} from '@reelay/contracts';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { PresetPlans } from './preset-plans.service.js';
import { PresetsService } from './presets.service.js';

const namePipe = new ZodPipe(presetName);
const referencePipe = new ZodPipe(presetReference);
const thePreset = { schema: schemaOf(presetView) };

/** How outputs of `transcode` are encoded. */
@ApiTags('presets')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/presets')
export class PresetsController {
  constructor(
    private readonly presets: PresetsService,
    private readonly plans: PresetPlans,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List presets' })
  @ApiResponse({
    status: 200,
    description: 'The newest version of each; the built-in ones first',
    schema: schemaOf(presetList),
  })
  async listPresets(): Promise<{ data: PresetView[] }> {
    return { data: await this.presets.list() };
  }

  @Post()
  @ApiOperation({ summary: 'Make a preset' })
  @ApiBody({ schema: schemaOf(createPresetBody, 'input') })
  @ApiResponse({ status: 201, description: 'Its first version', ...thePreset })
  @ApiProblems(409)
  createPreset(@Body(new ZodPipe(createPresetBody)) body: CreatePresetBody): Promise<PresetView> {
    return this.presets.create(body);
  }

  @Get(':name')
  @ApiOperation({ summary: 'Show a preset, or with name@version one of its versions' })
  @ApiResponse({ status: 200, description: 'The newest version, or the one that was asked for', ...thePreset })
  @ApiProblems(404)
  getPreset(@Param('name', referencePipe) reference: string): Promise<PresetView> {
    return this.presets.get(reference);
  }

  @Get(':name/versions')
  @ApiOperation({ summary: 'List all versions of a preset' })
  @ApiResponse({
    status: 200,
    description: 'Newest first; also those of a preset that was deleted',
    schema: schemaOf(presetList),
  })
  @ApiProblems(404)
  async presetVersions(@Param('name', namePipe) name: string): Promise<{ data: PresetView[] }> {
    return { data: await this.presets.versions(name) };
  }

  @Put(':name')
  @ApiOperation({ summary: 'Make a new version of a preset; jobs that are there keep theirs' })
  @ApiBody({ schema: schemaOf(changePresetBody, 'input') })
  @ApiResponse({ status: 200, description: 'The new version; the newest one when nothing changed', ...thePreset })
  @ApiProblems(404, 409)
  changePreset(
    @Param('name', namePipe) name: string,
    @Body(new ZodPipe(changePresetBody)) body: ChangePresetBody,
  ): Promise<PresetView> {
    return this.presets.change(name, body);
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a preset: new jobs cannot use it' })
  @ApiResponse({ status: 204, description: 'It is deleted; jobs that are there keep its settings' })
  @ApiProblems(404, 409)
  deletePreset(@Param('name', namePipe) name: string): Promise<void> {
    return this.presets.delete(name);
  }

  @Post(':name/plan')
  @HttpCode(200)
  @ApiOperation({ summary: 'Show what a transcode of a video would run, without running it' })
  @ApiBody({ schema: schemaOf(planPresetBody, 'input') })
  @ApiResponse({ status: 200, description: 'The commands of the plan', schema: schemaOf(presetPlan) })
  @ApiProblems(404, 422)
  planPreset(
    @Param('name', referencePipe) reference: string,
    @Body(new ZodPipe(planPresetBody)) body: PlanPresetBody,
  ): Promise<PresetPlan> {
    return this.plans.plan(reference, body);
  }
}
