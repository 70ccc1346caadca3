import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { createLogger, EnvError, onShutdown } from '@reelay/platform';
import { createApp } from './app.js';
import { readConfig } from './config.js';

const STOP_TIMEOUT_MS = 15_000;
const EXIT_USAGE = 78;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

try {
  const config = readConfig();
  const logger = createLogger({ name: 'backend', level: config.logLevel });
  const app = await createApp(config, logger, version);
  onShutdown(logger, STOP_TIMEOUT_MS, () => app.close());
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
  logger.info({ url: await app.getUrl() }, 'the API listens');
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(EXIT_USAGE);
}
