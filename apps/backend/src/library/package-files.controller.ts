import { Body, Controller, Get, HttpCode, Options, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  DASH_MANIFEST,
  MASTER_PLAYLIST,
  packageLink,
  packageLinkBody,
  type PackageLinkBody,
  type PackageLinkView,
} from '@reelay/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdminToken } from '../auth/admin-token.js';
import { Public } from '../auth/public.decorator.js';
import { readScope, signScope } from '../auth/signed-scope.js';
import { ApiError } from '../http/api-error.js';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { LibraryFiles } from './library-files.js';

/** What links to packages are signed for. */
const PURPOSE = 'packages';

/** By the extensions of the files that a package consists of; no other is served. */
const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  mp4: 'video/mp4',
  m4s: 'video/iso.segment',
};

/** No folder, no hidden file, and none but those of packages. */
const fileName = z.string().regex(/^[A-Za-z0-9][\w-]*\.(m3u8|mpd|mp4|m4s)$/, 'must be the name of a file of a package');
const trackName = z.string().regex(/^[A-Za-z0-9][\w-]*$/, 'must be the name of a rendition');
const filePipe = new ZodPipe(fileName);
const trackPipe = new ZodPipe(trackName);

/** Players run on pages of anybody; the link is what lets them in, and no cookie goes with it. */
const CROSS_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'content-length, content-range, accept-ranges, etag',
  'cross-origin-resource-policy': 'cross-origin',
};
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'range, if-none-match, if-modified-since',
  'access-control-max-age': '86400',
};

/** Packages over HTTP, for players, which can send no token of their own. */
@ApiTags('packages')
@Controller('api/media/packages')
export class PackageFilesController {
  private readonly key: Buffer;

  constructor(
    adminToken: AdminToken,
    private readonly files: LibraryFiles,
  ) {
    this.key = adminToken.keyFor(PURPOSE);
  }

  @Post('links')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Make a link to a package, for a player' })
  @ApiBody({ schema: schemaOf(packageLinkBody, 'input') })
  @ApiResponse({
    status: 201,
    description: 'Addresses that lead to all files of the package, and to nothing else, for a while',
    schema: schemaOf(packageLink),
  })
  @ApiProblems(400, 401, 404, 503)
  async linkToPackage(@Body(new ZodPipe(packageLinkBody)) body: PackageLinkBody): Promise<PackageLinkView> {
    const { path, expiresInSeconds } = body;
    await this.files.resolve(`${path}/${MASTER_PLAYLIST}`);
    const isComplete = await this.files.resolve(`${path}/${DASH_MANIFEST}`).then(
      () => true,
      () => false,
    );
    const expiresAt = Date.now() + expiresInSeconds * 1000;
    const folder = `/api/media/packages/${signScope({ purpose: PURPOSE, scope: path, expiresAt }, this.key)}`;
    return {
      hlsUrl: `${folder}/${MASTER_PLAYLIST}`,
      dashUrl: isComplete ? `${folder}/${DASH_MANIFEST}` : null,
      expiresAt: new Date(expiresAt).toISOString(),
    };
  }

  @Get(':link/:file')
  @Public()
  @ApiOperation({ summary: 'The master playlist or the manifest of a package' })
  @ApiParam({ name: 'link', description: 'What a link to the package holds' })
  @ApiResponse({ status: 200, description: 'A playlist of HLS or a manifest of DASH' })
  @ApiProblems(400, 403, 404, 503)
  async packageFile(
    @Param('link') link: string,
    @Param('file', filePipe) file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.send(link, file, request, reply);
  }

  @Get(':link/:track/:file')
  @Public()
  @ApiOperation({ summary: 'A playlist, the set-up or a segment of a rendition' })
  @ApiParam({ name: 'link', description: 'What a link to the package holds' })
  @ApiHeader({ name: 'Range', required: false, description: 'Part of it, as `bytes=0-1023`' })
  @ApiResponse({ status: 200, description: 'All of it' })
  @ApiResponse({ status: 206, description: 'The part that was asked for' })
  @ApiProblems(400, 403, 404, 416, 503)
  async packageTrackFile(
    @Param('link') link: string,
    @Param('track', trackPipe) track: string,
    @Param('file', filePipe) file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.send(link, `${track}/${file}`, request, reply);
  }

  @Options([':link/:file', ':link/:track/:file'])
  @Public()
  @HttpCode(204)
  @ApiOperation({ summary: 'What pages of other origins may ask for' })
  @ApiParam({ name: 'link', description: 'What a link to the package holds' })
  @ApiResponse({ status: 204, description: 'Parts of files, too' })
  async packagePreflight(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .code(204)
      .headers({ ...CROSS_ORIGIN, ...PREFLIGHT })
      .send();
  }

  private async send(link: string, file: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const folder = readScope(link, PURPOSE, this.key, Date.now());
    if (folder === null) {
      throw new ApiError(403, 'LINK_INVALID', 'This link is out of date or none: ask for one by POST packages/links');
    }
    const extension = file.slice(file.lastIndexOf('.') + 1);
    await this.files.send(`${folder}/${file}`, request, reply, {
      ...CROSS_ORIGIN,
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      // Playlists may grow; what has a number never changes.
      'cache-control': extension === 'm4s' ? 'private, max-age=86400' : 'no-cache',
    });
  }
}
