import { Injectable } from '@nestjs/common';
import {
  PARKING_QUEUES,
  type ChooseParkedBody,
  type DiscardAnswer,
  type ParkedList,
  type ParkedMessage,
  type ReplayAnswer,
} from '@reelay/contracts';
import type { BrowseDecision } from '@reelay/messaging';
import { Broker } from '../broker/broker.js';
import { isChosen, readParked } from './parked-message.js';

/** What is to become of a parked message, with its whole body. */
type Decide = (parked: ParkedMessage, content: Buffer) => BrowseDecision | Promise<BrowseDecision>;

/**
 * Shows what is parked, sends it again, or discards it. Who looks at a message hides it from everybody else, so
 * requests take turns.
 */
@Injectable()
export class ParkedService {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly broker: Broker) {}

  list(limit: number): Promise<ParkedList> {
    return this.inTurn(async () => {
      const data: ParkedMessage[] = [];
      let total = 0;
      for (const queue of PARKING_QUEUES) {
        total += await this.broker.browse(queue, limit - data.length, (message) => {
          data.push(readParked(message, queue));
          return 'keep';
        });
      }
      return { data, total };
    });
  }

  /** Publishes the chosen ones where they were published first. Each leaves the parking once the broker has it there. */
  async replay(choice: ChooseParkedBody): Promise<ReplayAnswer> {
    const { matched, removed } = await this.removeChosen(
      choice,
      async ({ exchange, routingKey, correlationId }, content) => {
        if (exchange === null || routingKey === null) return 'keep';
        const outcome = await this.broker.publisher.publish({
          exchange,
          routingKey,
          content,
          ...(correlationId === null ? {} : { correlationId }),
        });
        return outcome === 'routed' ? 'remove' : 'keep';
      },
    );
    return { matched, replayed: removed };
  }

  async discard(choice: ChooseParkedBody): Promise<DiscardAnswer> {
    const { matched, removed } = await this.removeChosen(choice, () => 'remove');
    return { matched, discarded: removed };
  }

  private removeChosen(choice: ChooseParkedBody, decide: Decide): Promise<{ matched: number; removed: number }> {
    return this.inTurn(async () => {
      const counts = { matched: 0, removed: 0 };
      for (const queue of PARKING_QUEUES) {
        await this.broker.browse(queue, Infinity, async (message) => {
          const parked = readParked(message, queue);
          if (!isChosen(choice, parked)) return 'keep';
          counts.matched++;
          const decision = await decide(parked, message.content);
          if (decision === 'remove') counts.removed++;
          return decision;
        });
      }
      return counts;
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}
