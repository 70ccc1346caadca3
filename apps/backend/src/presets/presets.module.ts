import { Module } from '@nestjs/common';
import { PresetPlans } from './preset-plans.service.js';
import { PresetsController } from './presets.controller.js';
import { PresetsService } from './presets.service.js';

@Module({ controllers: [PresetsController], providers: [PresetsService, PresetPlans], exports: [PresetsService] })
export class PresetsModule {}
