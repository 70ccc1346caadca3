import { posix } from 'node:path';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError } from '../http/api-error.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { LibraryFiles } from './library-files.js';
import { VideosService } from './videos.service.js';

const fileQuery = z.strictObject({
  download: z.enum(['true', 'false']).default('false').describe('To be saved and not shown'),
});

/** As sheets are named; in their folder nothing else is served. */
const sheetName = z.string().regex(/^\d{1,4}\.jpg$/, 'must be the name of a sheet, such as 1.jpg');

/** The library's files over HTTP, with ranges (RFC 9110, section 14) and conditional requests. */
@ApiTags('videos')
@ApiBearerAuth()
@ApiProblems(400, 401, 404, 503)
@Controller('api/media/videos')
export class VideoFilesController {
  constructor(
    private readonly files: LibraryFiles,
    private readonly videos: VideosService,
  ) {}

  @Get(':id/file')
  @ApiOperation({ summary: 'The video itself' })
  @ApiHeader({ name: 'Range', required: false, description: 'Part of it, as `bytes=0-1023`' })
  @ApiQueries(fileQuery)
  @ApiResponse({ status: 200, description: 'All of it' })
  @ApiResponse({ status: 206, description: 'The part that was asked for' })
  @ApiProblems(416)
  async videoFile(
    @Param('id', uuidPipe) id: string,
    @Query(new ZodPipe(fileQuery)) { download }: z.output<typeof fileQuery>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { path, filename } = await this.videos.get(id);
    if (download === 'true') {
      // RFC 6266: the name in UTF-8, percent-encoded.
      void reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`);
    }
    await this.files.send(path, request, reply);
  }

  @Get(':id/thumbnail')
  @ApiOperation({ summary: "The video's thumbnail" })
  @ApiResponse({ status: 200, description: 'A picture' })
  async videoThumbnail(
    @Param('id', uuidPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { thumbnailPath } = await this.videos.get(id);
    await this.files.send(thumbnailPath ?? isMissing(id, 'thumbnail'), request, reply);
  }

  @Get(':id/preview')
  @ApiOperation({ summary: "The video's animated preview" })
  @ApiHeader({ name: 'Range', required: false, description: 'Part of it, as `bytes=0-1023`' })
  @ApiResponse({ status: 200, description: 'An MP4 or a WebP' })
  @ApiResponse({ status: 206, description: 'The part that was asked for' })
  @ApiProblems(416)
  async videoPreview(
    @Param('id', uuidPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { previewPath } = await this.videos.get(id);
    await this.files.send(previewPath ?? isMissing(id, 'preview'), request, reply);
  }

  @Get(':id/sprite')
  @ApiOperation({ summary: "Which part of the video's sprite sheets shows which time" })
  @ApiResponse({ status: 200, description: 'WebVTT; its cues name the sheets relative to this address' })
  async videoSprite(
    @Param('id', uuidPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { spritePath } = await this.videos.get(id);
    await this.files.send(spritePath ?? isMissing(id, 'sprite'), request, reply);
  }

  @Get(':id/sprite/:file')
  @ApiOperation({ summary: "One of the video's sprite sheets" })
  @ApiResponse({ status: 200, description: 'A picture' })
  async videoSpriteSheet(
    @Param('id', uuidPipe) id: string,
    @Param('file', new ZodPipe(sheetName)) file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { spritePath } = await this.videos.get(id);
    const folder = posix.dirname(spritePath ?? isMissing(id, 'sprite'));
    await this.files.send(posix.join(folder, 'sprite', file), request, reply);
  }

  @Get(':id/scenes/:number/image')
  @ApiOperation({ summary: "A picture of one of the video's scenes" })
  @ApiParam({
    name: 'number',
    schema: { type: 'integer', minimum: 1 },
    description: 'From 1, in the order of the film',
  })
  @ApiResponse({ status: 200, description: 'A picture' })
  async videoScene(
    @Param('id', uuidPipe) id: string,
    @Param('number', new ZodPipe(z.coerce.number().int().min(1).max(100_000))) number: number,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { scenes } = await this.videos.get(id);
    const imagePath = scenes[number - 1]?.imagePath ?? null;
    if (imagePath === null)
      throw new ApiError(404, 'SCENE_NOT_FOUND', `Video ${id} has no picture of a scene ${String(number)}`);
    await this.files.send(imagePath, request, reply);
  }
}

/** Says how to get what a video does not have yet. */
function isMissing(id: string, what: 'thumbnail' | 'preview' | 'sprite'): never {
  const detail = `Video ${id} has no ${what}: make one by POST /api/media/videos/${id}/actions {"action": "${what}"}`;
  throw new ApiError(404, `${what.toUpperCase()}_NOT_FOUND`, detail);
}
