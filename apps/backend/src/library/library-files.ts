import { basename, dirname } from 'node:path';
import { send } from '@fastify/send';
import { Injectable } from '@nestjs/common';
import { MediaError, MediaLibrary } from '@reelay/media';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BackendConfig } from '../config.js';
import { ApiError } from '../http/api-error.js';

/** A file of the library is nobody's page: whatever its type, nothing in it runs on the API's origin. */
const FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** The library's files over HTTP, with ranges (RFC 9110, section 14) and conditional requests. */
@Injectable()
export class LibraryFiles {
  private readonly library: MediaLibrary | null;

  constructor(config: BackendConfig) {
    this.library = config.mediaRoot === undefined ? null : new MediaLibrary(config.mediaRoot, config.mediaLinks);
  }

  /**
   * Sends a file, or the part of it that was asked for.
   * @param headers beside those that every file has
   */
  async send(
    path: string,
    request: FastifyRequest,
    reply: FastifyReply,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const absolute = await this.resolve(path);
    const options = { root: dirname(absolute), dotfiles: 'allow', index: false, cacheControl: false } as const;
    const sent = await send(request.raw, encodeURIComponent(basename(absolute)), options);
    const { statusCode, stream, type } = sent;
    if (type === 'error') {
      stream.destroy();
      throw statusCode === 416
        ? new ApiError(416, 'RANGE_NOT_SATISFIABLE', `${path} has no such range`, { headers: sent.headers })
        : new ApiError(404, 'FILE_NOT_FOUND', `There is no file ${path}`);
    }
    void reply.code(statusCode).headers({ ...sent.headers, 'content-security-policy': FILE_POLICY, ...headers });
    await reply.send(stream);
  }

  /**
   * The absolute path of a file that can be read.
   * @throws {ApiError} 404 FILE_NOT_FOUND, 503 LIBRARY_NOT_MOUNTED, LIBRARY_MISSING
   */
  async resolve(path: string): Promise<string> {
    if (!this.library) {
      throw new ApiError(503, 'LIBRARY_NOT_MOUNTED', 'This backend serves no files: start it with MEDIA_ROOT set');
    }
    const { absolute } = await this.library.resolveInput(path).catch((error: unknown) => {
      throw fileError(path, error);
    });
    return absolute;
  }
}

/** What keeps a file of the library from being read, as the API says it. */
function fileError(path: string, error: unknown): unknown {
  if (!(error instanceof MediaError)) return error;
  if (error.code === 'LIBRARY_MISSING') return new ApiError(503, 'LIBRARY_MISSING', error.message);
  return new ApiError(404, 'FILE_NOT_FOUND', `There is no file ${path} that can be read: ${error.message}`);
}
