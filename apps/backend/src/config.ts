import { mediaLinks } from '@reelay/media';
import { allowedAddresses, envInt, logLevel, parseEnv, type AddressGuard } from '@reelay/platform';
import { z } from 'zod';

const schema = z.object({
  AMQP_URL: z.url({ protocol: /^amqps?$/ }),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  HOST: z.string().default('127.0.0.1'),
  PORT: envInt(0, 65_535).default(4100),
  /** The library, where this process can read it: then it serves the files. */
  MEDIA_ROOT: z.string().min(1).optional(),
  /** Folders outside of it that links in it may lead to. */
  MEDIA_LINKS: mediaLinks,
  /** Which addresses that are not public webhooks may lead to. */
  WEBHOOK_ALLOW: allowedAddresses,
  LOG_LEVEL: logLevel,
  /** Protects the API. Without it, one is made at first start and kept in ADMIN_TOKEN_FILE. */
  ADMIN_TOKEN: z.string().min(32).optional(),
  ADMIN_TOKEN_FILE: z.string().default('.reelay/admin-token'),
});

/** The backend's settings. */
export abstract class BackendConfig {
  abstract readonly amqpUrl: string;
  abstract readonly databaseUrl: string;
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly mediaRoot: string | undefined;
  abstract readonly mediaLinks: readonly string[];
  abstract readonly webhookAllow: AddressGuard;
  abstract readonly logLevel: string;
  abstract readonly adminToken: string | undefined;
  abstract readonly adminTokenFile: string;
}

/** @throws {EnvError} naming each unfit variable */
export function readConfig(env?: NodeJS.ProcessEnv): BackendConfig {
  const parsed = parseEnv(schema, env);
  return {
    amqpUrl: parsed.AMQP_URL,
    databaseUrl: parsed.DATABASE_URL,
    host: parsed.HOST,
    port: parsed.PORT,
    mediaRoot: parsed.MEDIA_ROOT,
    mediaLinks: parsed.MEDIA_LINKS,
    webhookAllow: parsed.WEBHOOK_ALLOW,
    logLevel: parsed.LOG_LEVEL,
    adminToken: parsed.ADMIN_TOKEN,
    adminTokenFile: parsed.ADMIN_TOKEN_FILE,
  };
}
