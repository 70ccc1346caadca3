import { Module } from '@nestjs/common';
import { DirectoryTypesModule } from '../directory-types/directory-types.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { ResponsesModule } from '../responses/responses.module.js';
import { LibraryRecordsConsumer } from './library-records.consumer.js';
import { VideoFilesController } from './video-files.controller.js';
import { VideosController } from './videos.controller.js';
import { VideosService } from './videos.service.js';

@Module({
  imports: [DirectoryTypesModule, JobsModule, ResponsesModule],
  controllers: [VideosController, VideoFilesController, LibraryRecordsConsumer],
  providers: [VideosService],
})
export class LibraryModule {}
