import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createLogger } from '@reelay/platform';
import { AppModule } from '../app.module.js';
import { readConfig } from '../config.js';
import { describeApi } from './openapi.js';

/** The description of the API, made without a broker or a database: nothing of the application is started. */
export async function describeApiOffline(version: string): Promise<OpenAPIObject> {
  const config = readConfig({ AMQP_URL: 'amqp://localhost', DATABASE_URL: 'postgres://localhost/none' });
  const logger = createLogger({ name: 'backend', level: 'silent' });
  const app = await NestFactory.create(AppModule.register(config, logger), new FastifyAdapter(), {
    preview: true,
    logger: false,
  });
  return describeApi(app, version);
}
