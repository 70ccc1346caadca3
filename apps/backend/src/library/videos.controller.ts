import { Body, Controller, Get, Headers, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  listVideosQuery,
  videoActionAnswer,
  videoActionBody,
  videoDetail,
  videoPage,
  type CreatedJob,
  type ListVideosQuery,
  type VideoActionBody,
  type VideoDetail,
  type VideoPage,
} from '@reelay/contracts';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { checkKey, IDEMPOTENCY_HEADER, theKey } from '../jobs/idempotency.js';
import { VideosService } from './videos.service.js';

@ApiTags('videos')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/videos')
export class VideosController {
  constructor(private readonly videos: VideosService) {}

  @Get()
  @ApiOperation({ summary: "List the library's videos" })
  @ApiQueries(listVideosQuery)
  @ApiResponse({ status: 200, description: 'A page of videos, newest first', schema: schemaOf(videoPage) })
  @ApiProblems(422)
  listVideos(@Query(new ZodPipe(listVideosQuery)) query: ListVideosQuery): Promise<VideoPage> {
    return this.videos.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a video' })
  @ApiResponse({ status: 200, description: 'The video', schema: schemaOf(videoDetail) })
  @ApiProblems(404)
  getVideo(@Param('id', uuidPipe) id: string): Promise<VideoDetail> {
    return this.videos.get(id);
  }

  @Post(':id/actions')
  @ApiOperation({ summary: 'Do something with a video: makes a job' })
  @ApiHeader(theKey)
  @ApiBody({ schema: schemaOf(videoActionBody, 'input') })
  @ApiResponse({ status: 201, description: 'The job is stored and will run', schema: schemaOf(videoActionAnswer) })
  @ApiProblems(404, 422)
  actOnVideo(
    @Param('id', uuidPipe) id: string,
    @Body(new ZodPipe(videoActionBody)) body: VideoActionBody,
    @Headers(IDEMPOTENCY_HEADER) key: string | undefined,
  ): Promise<CreatedJob> {
    return this.videos.act(id, body, checkKey(key));
  }
}
