/**
 * The whole AMQP topology as data. Every process asserts only the slice that it owns; the
 * definitions file that a broker loads at boot is generated from here.
 * Names follow Media Cloud AI's messaging protocol.
 */

/** A side of the protocol: it asserts the entities that name it as an owner. */
export type Peer = 'backend' | 'worker';

export interface ExchangeSpec {
  readonly name: string;
  readonly type: 'topic' | 'fanout' | 'headers';
  /** Receives what no binding of this exchange matched. */
  readonly alternate?: string;
  readonly owners: readonly Peer[];
}

export interface QueueSpec {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
  readonly exclusive?: boolean;
}

export interface BindingSpec {
  readonly exchange: string;
  readonly queue: string;
  readonly key: string;
  readonly arguments?: Readonly<Record<string, string>>;
}

export const EXCHANGE = {
  jobSubmit: 'job_submit',
  jobQueueNotFound: 'job_queue_not_found',
  jobResponse: 'job_response',
  jobResponseNotFound: 'job_response_not_found',
  workerResponse: 'worker_response',
  workerResponseNotFound: 'worker_response_not_found',
  directMessaging: 'direct_messaging',
  directMessagingNotFound: 'direct_messaging_not_found',
  jobEvents: 'job_events',
} as const;

export const QUEUE = {
  jobQueueNotFound: 'job_queue_not_found',
  jobCompleted: 'job_completed',
  jobProgression: 'job_progression',
  jobError: 'job_error',
  jobStopped: 'job_stopped',
  jobLog: 'job_log',
  jobLibrary: 'job_library',
  workerDiscovery: 'worker_discovery',
  workerCreated: 'worker_created',
  workerInitialized: 'worker_initialized',
  workerStarted: 'worker_started',
  workerUpdated: 'worker_updated',
  workerStatus: 'worker_status',
  workerTerminated: 'worker_terminated',
  jobResponseNotFound: 'job_response_not_found',
  workerResponseNotFound: 'worker_response_not_found',
  directMessagingNotFound: 'direct_messaging_not_found',
  /** Where answers that cannot be applied are parked for an operator. */
  jobResponseDead: 'job_response_dead',
  /** Where orders end that were given back too often. */
  jobOrderDead: 'job_order_dead',
} as const;

const both: readonly Peer[] = ['backend', 'worker'];

/**
 * Alternate exchanges are fanouts: the original routing key is kept when a message moves to an
 * alternate exchange, so a direct one would match no binding and lose the message.
 */
export const exchanges: readonly ExchangeSpec[] = [
  { name: EXCHANGE.jobQueueNotFound, type: 'fanout', owners: both },
  { name: EXCHANGE.jobResponseNotFound, type: 'fanout', owners: both },
  { name: EXCHANGE.workerResponseNotFound, type: 'fanout', owners: both },
  { name: EXCHANGE.directMessagingNotFound, type: 'fanout', owners: both },
  { name: EXCHANGE.jobSubmit, type: 'topic', alternate: EXCHANGE.jobQueueNotFound, owners: both },
  { name: EXCHANGE.jobResponse, type: 'topic', alternate: EXCHANGE.jobResponseNotFound, owners: both },
  { name: EXCHANGE.workerResponse, type: 'topic', alternate: EXCHANGE.workerResponseNotFound, owners: both },
  { name: EXCHANGE.directMessaging, type: 'headers', alternate: EXCHANGE.directMessagingNotFound, owners: both },
  { name: EXCHANGE.jobEvents, type: 'topic', owners: ['backend'] },
];

const quorum = { 'x-queue-type': 'quorum' } as const;

/**
 * An answer that was delivered this often without being settled is parked. The backend leaves
 * messages unsettled only while its database is away, and each reconnect costs one delivery.
 */
const ANSWER_DELIVERY_LIMIT = 1_000;

/** An order given back this often is parked; the dispatcher sends a new one. */
const ORDER_DELIVERY_LIMIT = 50;

/** Log lines are worth less than the broker's memory: the oldest go first beyond this many. */
const LOG_LENGTH_LIMIT = 100_000;

/** A queue for one worker host goes when nobody used it for a day. */
const HOST_QUEUE_EXPIRES_MS = 24 * 60 * 60 * 1000;

/** Direct messages to workers that are gone, kept for a look only. */
const STRAY_MESSAGE_LIMIT = 1_000;

const answerQueue = (name: string): QueueSpec => ({
  name,
  arguments: {
    ...quorum,
    'x-delivery-limit': ANSWER_DELIVERY_LIMIT,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': QUEUE.jobResponseDead,
  },
});

const plainQueue = (name: string): QueueSpec => ({ name, arguments: {} });

/** The queues that the backend owns and consumes. */
export const backendQueues: readonly QueueSpec[] = [
  plainQueue(QUEUE.jobResponseDead),
  plainQueue(QUEUE.jobOrderDead),
  plainQueue(QUEUE.jobQueueNotFound),
  plainQueue(QUEUE.jobResponseNotFound),
  plainQueue(QUEUE.workerResponseNotFound),
  {
    name: QUEUE.directMessagingNotFound,
    arguments: { 'x-max-length': STRAY_MESSAGE_LIMIT, 'x-overflow': 'drop-head' },
  },
  answerQueue(QUEUE.jobCompleted),
  answerQueue(QUEUE.jobProgression),
  answerQueue(QUEUE.jobError),
  answerQueue(QUEUE.jobStopped),
  { name: QUEUE.jobLog, arguments: { 'x-max-length': LOG_LENGTH_LIMIT, 'x-overflow': 'drop-head' } },
  plainQueue(QUEUE.jobLibrary),
  plainQueue(QUEUE.workerDiscovery),
  plainQueue(QUEUE.workerCreated),
  plainQueue(QUEUE.workerInitialized),
  plainQueue(QUEUE.workerStarted),
  plainQueue(QUEUE.workerUpdated),
  plainQueue(QUEUE.workerStatus),
  plainQueue(QUEUE.workerTerminated),
];

const byName = (exchange: string, ...queues: string[]): BindingSpec[] =>
  queues.map((queue) => ({ exchange, queue, key: queue }));

const catchAll = (name: string): BindingSpec => ({ exchange: name, queue: name, key: '' });

/**
 * The bindings that the backend owns. Old workers also send their discovery over `job_response`.
 * What is caught comes last: until its own queue is bound, a message comes back to its sender.
 */
export const backendBindings: readonly BindingSpec[] = [
  ...byName(
    EXCHANGE.jobResponse,
    QUEUE.jobCompleted,
    QUEUE.jobProgression,
    QUEUE.jobError,
    QUEUE.jobStopped,
    QUEUE.jobLog,
    QUEUE.jobLibrary,
    QUEUE.workerDiscovery,
  ),
  ...byName(
    EXCHANGE.workerResponse,
    QUEUE.workerDiscovery,
    QUEUE.workerCreated,
    QUEUE.workerInitialized,
    QUEUE.workerStarted,
    QUEUE.workerUpdated,
    QUEUE.workerStatus,
    QUEUE.workerTerminated,
  ),
  catchAll(EXCHANGE.jobQueueNotFound),
  catchAll(EXCHANGE.jobResponseNotFound),
  catchAll(EXCHANGE.workerResponseNotFound),
  catchAll(EXCHANGE.directMessagingNotFound),
];

/** A job type's name is its queue and its routing key, so it holds no wildcard and no dot. */
export const JOB_TYPE_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;

/** Routing key and queue name of a job type, or of that type on one host (a target). */
export const orderRoutingKey = (jobType: string, host?: string | null): string =>
  host ? `${jobType}@${host}` : jobType;

/** The queue of a job type, declared and bound by the worker that serves it. */
export function orderQueue(jobType: string, host?: string): { queue: QueueSpec; binding: BindingSpec } {
  const name = orderRoutingKey(jobType, host);
  return {
    queue: {
      name,
      arguments: {
        ...quorum,
        'x-delivery-limit': ORDER_DELIVERY_LIMIT,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': QUEUE.jobOrderDead,
        ...(host ? { 'x-expires': HOST_QUEUE_EXPIRES_MS } : {}),
      },
    },
    binding: { exchange: EXCHANGE.jobSubmit, queue: name, key: name },
  };
}

/** A queue that somebody asked for and nobody reads goes after this time; one that is read stays. */
const NOTIFY_QUEUE_EXPIRES_MS = 60 * 60 * 1000;

/** Events of one job or workflow are few; what nobody reads must not fill the broker. */
const NOTIFY_QUEUE_LENGTH_LIMIT = 10_000;

/**
 * The queue that is told what becomes of one job or workflow, and is named after its id.
 * @param id which no other queue can have for its name
 */
export function notifyQueue(kind: 'job' | 'workflow', id: string): { queue: QueueSpec; binding: BindingSpec } {
  return {
    queue: {
      name: id,
      arguments: {
        'x-expires': NOTIFY_QUEUE_EXPIRES_MS,
        'x-max-length': NOTIFY_QUEUE_LENGTH_LIMIT,
        'x-overflow': 'drop-head',
      },
    },
    binding: { exchange: EXCHANGE.jobEvents, queue: id, key: `${kind}.${id}.*` },
  };
}

/** The name of a worker's own control queue. */
export const directMessagingQueueName = (instanceId: string): string => `direct_messaging_${instanceId}`;

/** What a worker can be addressed by in a direct message. */
export interface DirectMessagingIdentity {
  readonly instanceId: string;
  readonly jobTypes: readonly string[];
  readonly workerName: string;
  readonly workerVersion: string;
}

/**
 * A worker's exclusive control queue and its bindings, one per header that may address it.
 * A headers binding with `x-match: any` matches values of the same AMQP type only: all are strings.
 */
export function directMessagingQueue(identity: DirectMessagingIdentity): {
  queue: QueueSpec;
  bindings: BindingSpec[];
} {
  const name = directMessagingQueueName(identity.instanceId);
  const bind = (headers: Record<string, string>): BindingSpec => ({
    exchange: EXCHANGE.directMessaging,
    queue: name,
    key: '',
    arguments: { 'x-match': 'any', ...headers },
  });
  return {
    queue: { name, arguments: {}, exclusive: true },
    bindings: [
      bind({
        broadcast: 'true',
        instance_id: identity.instanceId,
        worker_name: identity.workerName,
        worker_version: identity.workerVersion,
      }),
      ...identity.jobTypes.map((jobType) => bind({ job_type: jobType })),
    ],
  };
}
