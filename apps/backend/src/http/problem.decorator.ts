import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE, problem } from '@reelay/contracts';
import { schemaOf } from './openapi.js';

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request does not have the right form',
  401: 'No valid token',
  404: 'No such thing',
  409: 'Its state does not allow it',
  422: 'The request makes no sense',
  503: 'The database, or the broker where it is needed, is not available',
};

/** Documents the problems that a route may answer with. */
export function ApiProblems(...statuses: number[]): MethodDecorator & ClassDecorator {
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: schemaOf(problem) } };
  return applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, description: DESCRIPTIONS[status] ?? 'Refused', content })),
  );
}
