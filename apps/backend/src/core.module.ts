import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions, migrateDatabase } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { Broker } from './broker/broker.js';
import { BackendConfig } from './config.js';
import { LOGGER } from './logging.js';

/** The database may come up after the backend: it is waited for as long as it takes. */
const CONNECT_ATTEMPTS = Number.MAX_SAFE_INTEGER;
const CONNECT_DELAY_MS = 1_000;

/** What every part of the backend needs: settings, logger, database, broker. */
@Global()
@Module({})
export class CoreModule {
  static register(config: BackendConfig, logger: Logger): DynamicModule {
    return {
      module: CoreModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({
            ...dataSourceOptions(config.databaseUrl),
            retryAttempts: CONNECT_ATTEMPTS,
            retryDelay: CONNECT_DELAY_MS,
          }),
          dataSourceFactory: async (options) => {
            if (!options) throw new Error('no settings for the database');
            await migrateDatabase(config.databaseUrl);
            return new DataSource(options).initialize();
          },
        }),
      ],
      providers: [{ provide: BackendConfig, useValue: config }, { provide: LOGGER, useValue: logger }, Broker],
      exports: [BackendConfig, LOGGER, Broker],
    };
  }
}
