import { Module } from '@nestjs/common';
import { DirectoryTypesModule } from '../directory-types/directory-types.module.js';
import { PresetsModule } from '../presets/presets.module.js';
import { JobParameters } from './job-parameters.js';

/** What turns requests into jobs: for those that are submitted, and for those of workflows. */
@Module({ imports: [DirectoryTypesModule, PresetsModule], providers: [JobParameters], exports: [JobParameters] })
export class JobParametersModule {}
