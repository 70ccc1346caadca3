import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type ApiResponseSchemaHost, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

type SchemaObject = ApiResponseSchemaHost['schema'];

/** The JSON Schema of what a zod schema takes or gives, for OpenAPI 3.1. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): SchemaObject {
  const { $schema: _, ...document } = z.toJSONSchema(schema, {
    io,
    // The name of a format says more to readers and generators than the pattern that checks it.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  return document as SchemaObject;
}

/** Describes the API. */
export function describeApi(app: INestApplication, version: string): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setTitle('Reelay')
    .setDescription('Runs media jobs on a fleet of workers.')
    .setVersion(version)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, settings, {
    operationIdFactory: (_controller, method) => method,
  });
}

/** Serves the description at /api/openapi.json and a page to try it at /api/docs. */
export function serveApiDocs(app: INestApplication, version: string): void {
  SwaggerModule.setup('api/docs', app, () => describeApi(app, version), { jsonDocumentUrl: 'api/openapi.json' });
}
