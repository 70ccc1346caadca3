import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TypeOrmHealthIndicator,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { Public } from '../auth/public.decorator.js';
import { Broker } from '../broker/broker.js';

const DATABASE_TIMEOUT_MS = 2_000;

/** Whether the process runs, and whether it can do its work. */
@Controller('health')
@Public()
@ApiExcludeController()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly indicators: HealthIndicatorService,
    private readonly broker: Broker,
  ) {}

  /** 200 as long as the process answers. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when the database answers and every queue is consumed, else 503 saying which is not. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.database.pingCheck('database', { timeout: DATABASE_TIMEOUT_MS }),
      () => {
        const check = this.indicators.check('broker');
        return this.broker.isReady ? check.up() : check.down('not connected, or not consuming');
      },
    ]);
  }
}
