import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { Dispatcher } from './dispatcher.js';

@Module({ imports: [LiveModule], providers: [Dispatcher], exports: [Dispatcher] })
export class DispatchModule {}
