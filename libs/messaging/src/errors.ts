/** Base of this library's errors. */
export class MessagingError extends Error {
  constructor(
    readonly code: 'AMQP_UNAVAILABLE' | 'AMQP_NOT_CONFIRMED' | 'MESSAGE_UNREADABLE',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'MessagingError';
  }
}

/** Thrown when there is no channel to the broker now. The caller keeps what it has and tries later. */
export class BrokerUnavailableError extends MessagingError {
  constructor(what: string, options?: ErrorOptions) {
    super('AMQP_UNAVAILABLE', `${what}: no connection to the broker`, options);
  }
}

/** Thrown when the broker refused a message, or did not confirm it in time; it may have arrived all the same. */
export class NotConfirmedError extends MessagingError {
  constructor(what: string, options?: ErrorOptions) {
    super('AMQP_NOT_CONFIRMED', `${what}: the broker did not confirm it`, options);
  }
}

/** Thrown for a message that can never be handled: bad JSON, a wrong shape, a value that no store takes. */
export class UnreadableMessageError extends MessagingError {
  constructor(reason: string, options?: ErrorOptions) {
    super('MESSAGE_UNREADABLE', reason, options);
  }
}
