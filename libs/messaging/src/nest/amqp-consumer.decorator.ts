import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { z } from 'zod';

/** Marks handlers that the AMQP strategy serves, among those of other transports. */
export const AMQP_TRANSPORT = Symbol('amqp');

/** How one queue is consumed. */
export interface ConsumerExtras {
  readonly schema: z.ZodType;
  readonly prefetch: number;
}

const DEFAULT_PREFETCH = 200;

/** The one of its overloads that decorates methods of any signature. */
const eventPattern: (pattern: string, transport: symbol, extras: Record<string, unknown>) => MethodDecorator =
  EventPattern;

/** Nest would replace errors by a plain "Internal server error"; the strategy needs to tell them apart. */
@Catch()
class PassErrorsOn implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * A controller's method that handles a queue's messages. It gets the decoded message (`@Payload()`)
 * and an `AmqpContext` (`@Ctx()`). The message is acknowledged when the method's promise resolves, and
 * parked for an operator when it rejects with an `UnreadableMessageError`.
 */
export function AmqpConsumer(queue: string, schema: z.ZodType, options: { prefetch?: number } = {}): MethodDecorator {
  const extras: ConsumerExtras = { schema, prefetch: options.prefetch ?? DEFAULT_PREFETCH };
  return applyDecorators(eventPattern(queue, AMQP_TRANSPORT, { ...extras }), UseFilters(new PassErrorsOn()));
}
