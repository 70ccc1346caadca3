import { Controller } from '@nestjs/common';
import { Ctx } from '@nestjs/microservices';
import { backendBindings, EXCHANGE, QUEUE } from '@reelay/contracts';
import { UnreadableMessageError } from '@reelay/messaging';
import { AmqpConsumer, AmqpContext } from '@reelay/messaging/nest';
import { z } from 'zod';
import { Broker } from '../broker/broker.js';

/** The queues that workers send to: each is bound by its own name. */
const ANSWER_QUEUES: ReadonlySet<string> = new Set(
  backendBindings
    .filter(({ exchange }) => exchange === EXCHANGE.jobResponse || exchange === EXCHANGE.workerResponse)
    .map(({ queue }) => queue),
);

/**
 * Takes what workers sent and no queue took. While a queue is missing (it was deleted, and is declared again in a
 * moment) its messages come here, and go to it from here. What nobody ever listens to is parked.
 */
@Controller()
export class StrayConsumer {
  constructor(private readonly broker: Broker) {}

  @AmqpConsumer(QUEUE.jobResponseNotFound, z.unknown())
  onStrayAnswer(@Ctx() context: AmqpContext): Promise<void> {
    return this.deliver(context);
  }

  @AmqpConsumer(QUEUE.workerResponseNotFound, z.unknown())
  onStrayNews(@Ctx() context: AmqpContext): Promise<void> {
    return this.deliver(context);
  }

  private async deliver({ message, correlationId }: AmqpContext): Promise<void> {
    const { routingKey } = message.fields;
    if (!ANSWER_QUEUES.has(routingKey))
      throw new UnreadableMessageError(`no queue takes the routing key ${routingKey}`);
    const outcome = await this.broker.publisher.publish({
      exchange: '',
      routingKey,
      content: message.content,
      ...(correlationId === null ? {} : { correlationId }),
    });
    if (outcome === 'returned') throw new Error(`the queue ${routingKey} is not there yet`);
  }
}
