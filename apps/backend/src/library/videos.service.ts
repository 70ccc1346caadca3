import { Injectable } from '@nestjs/common';
import {
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
import { placeOf } from '../http/cursor.js';
import { cutPage, offsetOf, paginationOf } from '../http/page.js';
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
    const asked = { page, cursor, limit };
    const offset = offsetOf(asked, 'videos');
    const place =
      cursor === undefined ? undefined : placeOf(cursor, sort, 1, sort.endsWith('path') ? ANY_TEXT : undefined);
    const after = place && { key: place.keys[0] ?? '', id: place.id };
    const known = await this.directoryTypes.names();
    refuseUnknown(filter.directoryType ?? [], known, 'directoryType');
    const [rows, total] = await Promise.all([
      listVideos(this.dataSource, filter, { sort, after, offset, limit: limit + 1 }),
      countVideos(this.dataSource, filter),
    ]);
    const { shown, nextCursor } = cutPage(rows, limit, sort, ({ key, id }) => ({ keys: [key], id }));
    return {
      data: shown.map((row) => toVideoView(row, known)),
      pagination: paginationOf(asked, { total, exact: true }, nextCursor),
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
