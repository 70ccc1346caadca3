import { pino, type Logger } from 'pino';

export type { Logger };

/** Fields that may hold a secret; they are cut out of every line. */
export const REDACTED_FIELDS = [
  'req.headers.authorization',
  'req.headers.cookie',
  '*.password',
  '*.token',
  '*.amqpUrl',
  '*.databaseUrl',
];

/** A structured logger: one JSON line per event on stdout, times in ISO 8601. */
export function createLogger(options: { name: string; level: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    redact: REDACTED_FIELDS,
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}

const CREDENTIALS = /^([a-z]+:\/\/)[^@/]*@/i;

/** A URL that may be logged: the same without user and password. */
export const withoutCredentials = (url: string): string => url.replace(CREDENTIALS, '$1');
