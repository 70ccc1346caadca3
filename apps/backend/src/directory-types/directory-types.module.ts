import { Module } from '@nestjs/common';
import { DirectoryTypesController } from './directory-types.controller.js';
import { DirectoryTypesService } from './directory-types.service.js';

@Module({
  controllers: [DirectoryTypesController],
  providers: [DirectoryTypesService],
  exports: [DirectoryTypesService],
})
export class DirectoryTypesModule {}
