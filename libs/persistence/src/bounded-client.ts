import pg from 'pg';

/** What pg says of a query that had no answer within its `query_timeout`; it has no code. */
const SILENCE = 'Query read timeout';

/**
 * A connection that is closed when a query had no answer in time. pg only forgets the query: the pool would
 * hand out the dead connection again, and whatever is asked on it next waits behind what was never answered.
 */
export class BoundedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    const bounded = (...args: unknown[]): unknown => {
      const asked = query(...args);
      if (asked instanceof Promise) {
        asked.catch((error: unknown) => {
          if (error instanceof Error && error.message === SILENCE) this.connection.stream.destroy();
        });
      }
      return asked;
    };
    this.query = bounded as typeof this.query;
  }
}
