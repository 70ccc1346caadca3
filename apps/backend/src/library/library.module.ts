import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { VideoFilesController } from './video-files.controller.js';
import { VideosController } from './videos.controller.js';
import { VideosService } from './videos.service.js';

@Module({ imports: [JobsModule], controllers: [VideosController, VideoFilesController], providers: [VideosService] })
export class LibraryModule {}
