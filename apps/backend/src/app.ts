import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from '@reelay/platform';
import { Logger as NestLogger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { Broker } from './broker/broker.js';
import type { BackendConfig } from './config.js';
import { serveApiDocs } from './http/openapi.js';
import { ProblemFilter } from './http/problem.filter.js';

const BODY_LIMIT_BYTES = 2 * 1024 * 1024;
/** Links to packages are one part of a path, and hold the package's own path. */
const PARAM_LIMIT_CHARS = 2_000;
const REQUEST_ID_HEADER = 'x-request-id';

/** JSON is all that the API takes; an empty body is none, as clients name the type with every request. */
function takeJsonOnly(adapter: FastifyAdapter): void {
  const server = adapter.getInstance();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser(['text/plain', 'application/json']);
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

/** Builds the backend: HTTP and message consumers, not yet listening. */
export async function createApp(
  config: BackendConfig,
  logger: Logger,
  version: string,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: PARAM_LIMIT_CHARS },
    genReqId: () => randomUUID(),
    forceCloseConnections: true,
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.register(config, logger), adapter, {
    bufferLogs: true,
    // Fastify's own parser, which refuses prototypes in disguise; and JSON is all that the API takes.
    bodyParser: false,
    abortOnError: false,
  });
  app.useLogger(app.get(NestLogger));
  app.useGlobalFilters(new ProblemFilter(logger));
  takeJsonOnly(adapter);
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    void reply.header(REQUEST_ID_HEADER, request.id);
    done();
  });
  // The docs page has inline scripts; and the API may be served without TLS on a private network.
  const directives = { 'script-src': ["'self'", "'unsafe-inline'"], 'upgrade-insecure-requests': null };
  await app.register(helmet, { contentSecurityPolicy: { directives } });
  serveApiDocs(app, version);
  // One consumer strategy among others to come; guards and filters of the application do not apply to it.
  app.connectMicroservice({ strategy: app.get(Broker).server }, { inheritAppConfig: false });
  return app;
}
