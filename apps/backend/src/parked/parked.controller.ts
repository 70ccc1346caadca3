import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  chooseParkedBody,
  discardAnswer,
  listParkedQuery,
  parkedList,
  replayAnswer,
  type ChooseParkedBody,
  type DiscardAnswer,
  type ListParkedQuery,
  type ParkedList,
  type ReplayAnswer,
} from '@reelay/contracts';
import { schemaOf } from '../http/openapi.js';
import { ApiProblems } from '../http/problem.decorator.js';
import { ApiQueries } from '../http/queries.decorator.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { ParkedService } from './parked.service.js';

const theChoice = { schema: schemaOf(chooseParkedBody, 'input') };

/** Messages that could not be handled: answers of workers, and orders. */
@ApiTags('parked messages')
@ApiBearerAuth()
@ApiProblems(400, 401, 503)
@Controller('api/media/parked')
export class ParkedController {
  constructor(private readonly parked: ParkedService) {}

  @Get()
  @ApiOperation({ summary: 'List messages that could not be handled, with the reason' })
  @ApiQueries(listParkedQuery)
  @ApiResponse({ status: 200, description: 'The first ones, and how many there are', schema: schemaOf(parkedList) })
  listParked(@Query(new ZodPipe(listParkedQuery)) { limit }: ListParkedQuery): Promise<ParkedList> {
    return this.parked.list(limit);
  }

  @Post('replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Publish parked messages again where they were published first' })
  @ApiBody(theChoice)
  @ApiResponse({ status: 200, description: 'How many were chosen and published', schema: schemaOf(replayAnswer) })
  replayParked(@Body(new ZodPipe(chooseParkedBody)) choice: ChooseParkedBody): Promise<ReplayAnswer> {
    return this.parked.replay(choice);
  }

  @Post('discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Remove parked messages for good' })
  @ApiBody(theChoice)
  @ApiResponse({ status: 200, description: 'How many were chosen and removed', schema: schemaOf(discardAnswer) })
  discardParked(@Body(new ZodPipe(chooseParkedBody)) choice: ChooseParkedBody): Promise<DiscardAnswer> {
    return this.parked.discard(choice);
  }
}
