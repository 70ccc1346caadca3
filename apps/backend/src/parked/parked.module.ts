import { Module } from '@nestjs/common';
import { ParkedController } from './parked.controller.js';
import { ParkedService } from './parked.service.js';

@Module({ controllers: [ParkedController], providers: [ParkedService] })
export class ParkedModule {}
