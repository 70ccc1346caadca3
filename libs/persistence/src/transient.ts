/**
 * SQLSTATE classes and codes after which the same statement may succeed: connection exceptions (08),
 * insufficient resources (53), operator intervention (57P), serialization failure and deadlock (40),
 * lock not available (55P03), a transaction that idled too long (25P03). Source: PostgreSQL manual, appendix A.
 */
const TRANSIENT_STATES = /^(08|53|57P|40|55P03|25P03)/;
const TRANSIENT_SYSTEM_ERRORS = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'];
/** node-postgres reports these without any code. */
const TRANSIENT_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|connection ended|query read timeout|not queryable|Client has encountered/i;

/** TypeORM takes the connection from a transaction at once when it breaks, and says only this to its next statement. */
const TRANSIENT_NAMES = ['QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError'];

/** Whether a failed statement is worth trying again: the store is away or busy, and nothing is wrong with the statement. */
export function isTransientStoreError(error: unknown): boolean {
  for (let current: unknown = error; current instanceof Error; current = innerError(current)) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string' && (TRANSIENT_STATES.test(code) || TRANSIENT_SYSTEM_ERRORS.includes(code)))
      return true;
    if (TRANSIENT_NAMES.includes(current.name)) return true;
    if (code === undefined && TRANSIENT_MESSAGES.test(current.message)) return true;
  }
  return false;
}

const innerError = (error: Error): unknown => (error as { driverError?: unknown }).driverError ?? error.cause;
