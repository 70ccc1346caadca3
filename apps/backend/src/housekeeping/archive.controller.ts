import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  archivedJob,
  archivePage,
  archiveQuery,
  type ArchivedJob,
  type ArchivePage,
  type ArchiveQuery,
} from '@reelay/contracts';
import { listArchived, readArchived } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { placeOf } from '../http/cursor.js';
import { schemaOf } from '../http/openapi.js';
import { cutPage } from '../http/page.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { uuidPipe, ZodPipe } from '../http/zod.pipe.js';

/** The only order of this list. */
const ORDER = '-completedAt';

@ApiTags('archive')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/archive')
export class ArchiveController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  @ApiOperation({ summary: 'List jobs that left the list by retention, what ended last first' })
  @ApiQueries(archiveQuery)
  @ApiResponse({ status: 200, description: 'A page of the archive', schema: schemaOf(archivePage) })
  async listArchive(@Query(new ZodPipe(archiveQuery)) { cursor, ...query }: ArchiveQuery): Promise<ArchivePage> {
    const after = cursor === undefined ? null : placeOf(cursor, ORDER, 1);
    const rows = await listArchived(
      this.dataSource,
      { ...query, limit: query.limit + 1 },
      after && { place: after.keys[0] ?? '', id: after.id },
    );
    const { shown, nextCursor } = cutPage(rows, query.limit, ORDER, ({ place, id }) => ({ keys: [place], id }));
    return { data: shown.map(({ place: _place, ...job }) => job), pagination: { limit: query.limit, nextCursor } };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show an archived job with its log and its attempts' })
  @ApiResponse({ status: 200, description: 'As it was when it was archived', schema: schemaOf(archivedJob) })
  @ApiProblems(404)
  async getArchived(@Param('id', uuidPipe) id: string): Promise<ArchivedJob> {
    const found = await readArchived(this.dataSource, id);
    if (!found) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id} in the archive`);
    return found;
  }
}
