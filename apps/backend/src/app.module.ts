import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Logger } from '@reelay/platform';
import { LoggerModule } from 'nestjs-pino';
import { AuthModule } from './auth/auth.module.js';
import type { BackendConfig } from './config.js';
import { CoreModule } from './core.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { HealthController } from './http/health.controller.js';
import { HousekeepingModule } from './housekeeping/housekeeping.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LibraryModule } from './library/library.module.js';
import { ParkedModule } from './parked/parked.module.js';
import { PresetsModule } from './presets/presets.module.js';
import { ResponsesModule } from './responses/responses.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';
import { WorkersModule } from './workers/workers.module.js';
import { WorkflowsModule } from './workflows/workflows.module.js';

/** The whole backend. */
@Module({})
export class AppModule {
  static register(config: BackendConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false, quietReqLogger: true } }),
        CoreModule.register(config, logger),
        TerminusModule.forRoot({ logger: false }),
        AuthModule,
        JobsModule,
        DispatchModule,
        ResponsesModule,
        WorkersModule,
        HousekeepingModule,
        LibraryModule,
        ParkedModule,
        PresetsModule,
        WebhooksModule,
        WorkflowsModule,
      ],
      controllers: [HealthController],
    };
  }
}
