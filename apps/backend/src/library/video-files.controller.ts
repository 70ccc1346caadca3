import { basename, dirname } from 'node:path';
import { send } from '@fastify/send';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { MediaError, MediaLibrary } from '@reelay/media';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BackendConfig } from '../config.js';
import { ApiError } from '../http/api-error.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';
import { VideosService } from './videos.service.js';

const fileQuery = z.strictObject({ download: z.enum(['true', 'false']).default('false') });

/** A file of the library is nobody's page: whatever its type, nothing in it runs on the API's origin. */
const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** The library's files over HTTP, with ranges (RFC 9110, section 14) and conditional requests. */
@ApiTags('videos')
@ApiBearerAuth()
@ApiProblems(400, 401, 404, 503)
@Controller('api/media/videos')
export class VideoFilesController {
  private readonly library: MediaLibrary | null;

  constructor(
    config: BackendConfig,
    private readonly videos: VideosService,
  ) {
    this.library = config.mediaRoot === undefined ? null : new MediaLibrary(config.mediaRoot);
  }

  @Get(':id/file')
  @ApiOperation({ summary: 'The video itself' })
  @ApiHeader({ name: 'Range', required: false, description: 'Part of it, as `bytes=0-1023`' })
  @ApiQuery({ name: 'download', required: false, type: Boolean, description: 'To be saved and not shown' })
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
    await this.sendFile(path, request, reply);
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
    if (thumbnailPath === null) {
      const detail = `Video ${id} has no thumbnail: make one by POST /api/media/videos/${id}/actions {"action": "thumbnail"}`;
      throw new ApiError(404, 'THUMBNAIL_NOT_FOUND', detail);
    }
    await this.sendFile(thumbnailPath, request, reply);
  }

  private async sendFile(path: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!this.library) {
      throw new ApiError(503, 'LIBRARY_NOT_MOUNTED', 'This backend serves no files: start it with MEDIA_ROOT set');
    }
    const { absolute } = await this.library.resolveInput(path).catch((error: unknown) => {
      throw fileError(path, error);
    });
    const options = { root: dirname(absolute), dotfiles: 'allow', index: false, cacheControl: false } as const;
    const { statusCode, headers, stream, type } = await send(
      request.raw,
      encodeURIComponent(basename(absolute)),
      options,
    );
    if (type === 'error') {
      stream.destroy();
      throw statusCode === 416
        ? new ApiError(416, 'RANGE_NOT_SATISFIABLE', `${path} has no such range`, { headers })
        : new ApiError(404, 'FILE_NOT_FOUND', `There is no file ${path}`);
    }
    void reply.code(statusCode).headers({ ...headers, 'content-security-policy': FILE_POLICY });
    await reply.send(stream);
  }
}

/** What keeps a file of the library from being read, as the API says it. */
function fileError(path: string, error: unknown): unknown {
  if (!(error instanceof MediaError)) return error;
  if (error.code === 'LIBRARY_MISSING') return new ApiError(503, 'LIBRARY_MISSING', error.message);
  return new ApiError(404, 'FILE_NOT_FOUND', `There is no file ${path} that can be read: ${error.message}`);
}
