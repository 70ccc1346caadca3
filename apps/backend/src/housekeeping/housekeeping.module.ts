import { Module } from '@nestjs/common';
import { ArchiveController } from './archive.controller.js';
import { Archivist } from './archivist.js';
import { Housekeeping } from './housekeeping.js';

@Module({ controllers: [ArchiveController], providers: [Archivist, Housekeeping] })
export class HousekeepingModule {}
