import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { LIBRARY_PAGE, libraryRequest, QUEUE, type DirectMessage, type LibraryRequest } from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import { applyVideoChanges, findTwins, listKnownFiles, lockOpenAttempt } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { Batches } from '../responses/answers.js';

type LibraryAnswer = Omit<Extract<DirectMessage, { type: 'library_answer' }>, 'type' | 'request_id'>;

/** Requests are large, and each is asked again when it is not answered. */
const PREFETCH = 20;

/** Answers what running jobs ask about the library's records, and records what they find before they end. */
@Controller()
export class LibraryRecordsConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly broker: Broker,
  ) {
    this.batch = batches.of<LibraryRequest>((requests) => this.serve(requests));
  }

  @AmqpConsumer(QUEUE.jobLibrary, libraryRequest, { prefetch: PREFETCH })
  onRequest(@Payload() message: LibraryRequest): Promise<void> {
    return this.batch.add(message);
  }

  private async serve(requests: readonly LibraryRequest[]): Promise<void> {
    for (const request of requests) {
      const answer = await this.answer(request);
      this.broker.tell(request.instance_id, {
        type: 'library_answer',
        request_id: request.request_id,
        ...(answer ?? { refused: 'the attempt has ended, or another worker has it' }),
      });
    }
  }

  /** @returns null when the attempt is not the worker's any more */
  private answer({ job_id, instance_id, request }: LibraryRequest): Promise<LibraryAnswer | null> {
    return this.dataSource.transaction(async (manager) => {
      const jobId = await lockOpenAttempt(manager, job_id, instance_id);
      if (jobId === null) return null;
      switch (request.kind) {
        case 'files': {
          const files = await listKnownFiles(manager, request.folder, request.after, LIBRARY_PAGE + 1);
          return { files: files.slice(0, LIBRARY_PAGE), more: files.length > LIBRARY_PAGE };
        }
        case 'twins':
          return { files: await findTwins(manager, request.fingerprints) };
        case 'record':
          await applyVideoChanges(
            manager,
            request.changes.map((change) => ({ jobId, change })),
          );
          return {};
      }
    });
  }
}
