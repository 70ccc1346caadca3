import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { directoryTypeList, type DirectoryTypeView } from '@reelay/contracts';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { DirectoryTypesService } from './directory-types.service.js';

@ApiTags('videos')
@ApiBearerAuth()
@ApiProblems(401, 503)
@Controller('api/media/directory-types')
export class DirectoryTypesController {
  constructor(private readonly directoryTypes: DirectoryTypesService) {}

  @Get()
  @ApiOperation({ summary: "List the library's folders, built in or set, with their videos counted" })
  @ApiResponse({
    status: 200,
    description: 'The built-in ones first, then those of the setting library.directoryTypes',
    schema: schemaOf(directoryTypeList),
  })
  async listDirectoryTypes(): Promise<{ data: DirectoryTypeView[] }> {
    return { data: await this.directoryTypes.list() };
  }
}
