import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { patchSettingsBody, settings, type PatchSettingsBody, type Settings } from '@reelay/contracts';
import { patchSettings, readSettings } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ZodPipe } from '../http/zod.pipe.js';

@ApiTags('settings')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/settings')
export class SettingsController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dispatcher: Dispatcher,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Show the settings that are in force' })
  @ApiResponse({ status: 200, description: 'The settings', schema: schemaOf(settings) })
  getSettings(): Promise<Settings> {
    return readSettings(this.dataSource);
  }

  @Patch()
  @ApiOperation({ summary: 'Change settings; they hold from the next decision on' })
  @ApiBody({ schema: schemaOf(patchSettingsBody, 'input') })
  @ApiResponse({ status: 200, description: 'The settings', schema: schemaOf(settings) })
  async patchSettings(@Body(new ZodPipe(patchSettingsBody)) body: PatchSettingsBody): Promise<Settings> {
    const changed = await patchSettings(this.dataSource, body);
    this.dispatcher.wake();
    return changed;
  }
}
