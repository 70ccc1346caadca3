import { Injectable } from '@nestjs/common';
import {
  MAX_PAGE_DEPTH,
  VIDEO_ACTION_PARAMS,
  VIDEO_ACTIONS,
  type CreatedJob,
  type ListVideosQuery,
  type VideoActionBody,
  type VideoDetail,
  type VideoPage,
} from '@reelay/contracts';
import { countVideos, listVideos, readVideo, type VideoDetailRow } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { cursorOf, placeOf } from '../http/cursor.js';
import { DirectoryTypesService, refuseUnknown } from '../directory-types/directory-types.service.js';
import { JobsService } from '../jobs/jobs.service.js';
import { toVideoDetail, toVideoView } from './video.view.js';

/** Paths are text, and a list may be sorted by them. */
const ANY_TEXT = /^[^\0]+$/;

/** Shows the library's videos, and makes jobs of what is to be done with them. */
@Injectable()
export class VideosService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly jobs: JobsService,
    private readonly directoryTypes: DirectoryTypesService,
  ) {}

  /**
   * @throws {ApiError} 400 for a cursor that is not of this list, and for a page that lies too deep; 422 for a directory
   * type that nobody knows
   */
  async list({ page, cursor, limit, sort, ...filter }: ListVideosQuery): Promise<VideoPage> {
    if (page !== undefined && cursor !== undefined) {
      throw new ApiError(400, 'REQUEST_INVALID', 'page and cursor exclude each other: name one of them');
    }
    const offset = ((page ?? 1) - 1) * limit;
    if (offset + limit > MAX_PAGE_DEPTH) {
      const detail = `page: the first ${String(MAX_PAGE_DEPTH)} videos can be reached by pages; follow nextCursor from there`;
      throw new ApiError(400, 'PAGE_TOO_DEEP', detail);
    }
    const place =
      cursor === undefined ? undefined : placeOf(cursor, sort, 1, sort.endsWith('path') ? ANY_TEXT : undefined);
    const after = place && { key: place.keys[0] ?? '', id: place.id };
    const known = await this.directoryTypes.names();
    refuseUnknown(filter.directoryType ?? [], known, 'directoryType');
    const [rows, total] = await Promise.all([
      // One more tells whether anything follows.
      listVideos(this.dataSource, filter, { sort, after, offset, limit: limit + 1 }),
      countVideos(this.dataSource, filter),
    ]);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      data: shown.map((row) => toVideoView(row, known)),
      pagination: {
        page: cursor === undefined ? (page ?? 1) : null,
        limit,
        total,
        totalPages: Math.ceil(total / limit),
        nextCursor: last ? cursorOf(sort, { keys: [last.key], id: last.id }) : null,
      },
    };
  }

  /** @throws {ApiError} 404 when there is no such video */
  async get(id: string): Promise<VideoDetail> {
    const [row, known] = await Promise.all([this.find(id), this.directoryTypes.names()]);
    return toVideoDetail(row, known);
  }

  /**
   * Makes the job that an action asks for.
   * @throws {ApiError} 404 when there is no such video, 422 for parameters that the job type does not take
   */
  async act(id: string, { action, ...job }: VideoActionBody, key?: string): Promise<CreatedJob> {
    await this.find(id);
    const params = { ...job.params, ...VIDEO_ACTION_PARAMS[action], videoId: id };
    return this.jobs.create({ ...job, type: VIDEO_ACTIONS[action], params }, key);
  }

  private async find(id: string): Promise<VideoDetailRow> {
    const row = await readVideo(this.dataSource, id);
    if (!row) throw new ApiError(404, 'VIDEO_NOT_FOUND', `There is no video ${id}`);
    return row;
  }
}
