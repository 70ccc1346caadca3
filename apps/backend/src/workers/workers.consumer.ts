import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import {
  directMessage,
  discoveryMessage,
  instanceIdOf,
  QUEUE,
  statusMessage,
  terminatedMessage,
  type DirectMessage,
  type DiscoveryMessage,
  type StatusMessage,
  type TerminatedMessage,
} from '@reelay/contracts';
import { livenessMs } from '@reelay/domain';
import { AmqpConsumer } from '@reelay/messaging/nest';
import {
  announceWorkers,
  noteSignsOfLife,
  noteTerminated,
  type Announcement,
  type Correction,
  type SignOfLife,
} from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { Batches } from '../responses/answers.js';

/** The name of the device of a worker that names none. */
const ONLY_DEVICE = 'gpu0';

/** Keeps the record of workers: what they announce, that they live, that they left. */
@Controller()
export class WorkersConsumer {
  private readonly announcements;
  private readonly signs;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly dispatcher: Dispatcher,
    private readonly broker: Broker,
  ) {
    this.announcements = batches.of<Announcement>((batch) => this.announce(batch));
    this.signs = batches.of<SignOfLife>((batch) => this.noteSigns(batch));
  }

  @AmqpConsumer(QUEUE.workerDiscovery, discoveryMessage)
  onDiscovery(@Payload() message: DiscoveryMessage): Promise<void> {
    return this.announcements.add(toAnnouncement(message));
  }

  @AmqpConsumer(QUEUE.workerStatus, statusMessage)
  onStatus(@Payload() message: StatusMessage): Promise<void> {
    const running = message.reelay?.running ?? (message.job ? [message.job.job_id] : []);
    return this.signs.add({
      instanceId: instanceIdOf(message.worker),
      activity: message.worker.activity,
      running,
      paused: message.reelay?.paused ?? null,
    });
  }

  @AmqpConsumer(QUEUE.workerTerminated, terminatedMessage)
  async onTerminated(@Payload() message: TerminatedMessage): Promise<void> {
    if (message.worker) await noteTerminated(this.dataSource, [message.worker.instance_id]);
  }

  private async announce(batch: readonly Announcement[]): Promise<void> {
    await this.dataSource.transaction((manager) => announceWorkers(manager, batch));
    this.dispatcher.release();
  }

  private async noteSigns(batch: readonly SignOfLife[]): Promise<void> {
    const latest = [...new Map(batch.map((sign) => [sign.instanceId, sign])).values()];
    for (const correction of await noteSignsOfLife(this.dataSource, latest)) {
      this.broker.tell(correction.instanceId, toDirectMessage(correction));
    }
  }
}

const toDirectMessage = ({ tell, attemptId }: Correction): DirectMessage =>
  directMessage.parse({ type: tell, ...(attemptId === null ? {} : { job_id: attemptId }) });

/** One that announces video memory and no device has one device, which its host's other workers share. */
function devicesOf(own: DiscoveryMessage['reelay']): Announcement['devices'] {
  if (!own) return [];
  if (own.devices.length > 0) return own.devices.map(({ id, vram_mb }) => ({ id, vramMb: vram_mb }));
  return own.vram_mb > 0 ? [{ id: ONLY_DEVICE, vramMb: own.vram_mb }] : [];
}

/** A worker of another make says nothing of its host and slots: it runs one job at a time. */
export function toAnnouncement(message: DiscoveryMessage): Announcement {
  const own = message.reelay;
  return {
    instanceId: message.instance_id,
    jobType: message.queue_name,
    app: own?.app ?? null,
    host: own?.host ?? null,
    version: message.version,
    sdkVersion: message.sdk_version,
    slots: own?.slots ?? 1,
    vramMb: own?.vram_mb ?? 0,
    devices: devicesOf(own),
    cpus: own?.cpus ?? null,
    executor: own?.executor ?? 'local',
    features: own?.features ?? [],
    livenessMs: livenessMs(own?.heartbeat_s ?? null),
    label: message.label || message.queue_name,
    shortDescription: message.short_description,
    description: message.description,
    parameters: message.parameters,
    category: own?.category ?? null,
    jobVramMb: own?.job_vram_mb ?? 0,
  };
}
