import { Module } from '@nestjs/common';
import { PresetsModule } from '../presets/presets.module.js';
import { JobParameters } from './job-parameters.js';

/** What turns requests into jobs: for those that are submitted, and for those of workflows. */
@Module({ imports: [PresetsModule], providers: [JobParameters], exports: [JobParameters] })
export class JobParametersModule {}
