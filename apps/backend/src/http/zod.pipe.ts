import { Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { malformed, type RequestFault } from './api-error.js';

/** Lists what a schema found wrong, with the path of each fault. */
export function faultsOf(error: z.ZodError, prefix?: string): RequestFault[] {
  return error.issues.map((issue) => ({
    path: [...(prefix ? [prefix] : []), ...issue.path].join('.'),
    message: issue.message,
    code: issue.code,
  }));
}

/** Validates a body or a query; what passes on is typed, with defaults filled in. */
@Injectable()
export class ZodPipe<T extends z.ZodType> implements PipeTransform<unknown, z.output<T>> {
  constructor(private readonly schema: T) {}

  transform(value: unknown): z.output<T> {
    const parsed = this.schema.safeParse(value);
    if (!parsed.success) throw malformed(faultsOf(parsed.error));
    return parsed.data;
  }
}

/** Validates an id in a path. */
export const uuidPipe = new ZodPipe(z.uuid('must be a UUID'));
