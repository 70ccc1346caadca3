import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DirectoryTypesModule } from '../directory-types/directory-types.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { ResponsesModule } from '../responses/responses.module.js';
import { LibraryRecordsConsumer } from './library-records.consumer.js';
import { LibraryFiles } from './library-files.js';
import { PackageFilesController } from './package-files.controller.js';
import { VideoFilesController } from './video-files.controller.js';
import { VideosController } from './videos.controller.js';
import { VideosService } from './videos.service.js';

@Module({
  imports: [AuthModule, DirectoryTypesModule, JobsModule, ResponsesModule],
  controllers: [VideosController, VideoFilesController, PackageFilesController, LibraryRecordsConsumer],
  providers: [LibraryFiles, VideosService],
})
export class LibraryModule {}
