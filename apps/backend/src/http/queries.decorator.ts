import { isDeepStrictEqual } from 'node:util';
import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { z } from 'zod';
import { schemaOf } from './openapi.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Documents the query parameters that a route's pipe checks. */
export function ApiQueries(query: z.ZodObject): MethodDecorator {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as z.core.JSONSchema.ObjectSchema;
  return applyDecorators(
    ...Object.entries(properties).map(([name, property]) => {
      const { description = '', ...schema } = property as JsonSchema;
      return ApiQuery({ name, required: required.includes(name), description, schema: withBoolean(schema) });
    }),
  );
}

/** `true` and `false` are words in a query, and a boolean to whoever reads the document. */
function withBoolean(schema: JsonSchema): object {
  if (!isDeepStrictEqual(schema.enum, ['true', 'false'])) return schema;
  return { type: 'boolean', ...(schema.default === undefined ? {} : { default: schema.default === 'true' }) };
}
