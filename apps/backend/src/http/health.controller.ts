import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
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
import { ApiError } from './api-error.js';

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
    const check = this.health.check([
      () => this.database.pingCheck('database', { timeout: DATABASE_TIMEOUT_MS }),
      () => {
        const broker = this.indicators.check('broker');
        return this.broker.isReady ? broker.up() : broker.down('not connected, or not consuming');
      },
    ]);
    return check.catch((error: unknown) => {
      throw error instanceof ServiceUnavailableException ? notReady(error.getResponse() as HealthCheckResult) : error;
    });
  }
}

/** The answer of a process that lacks something, naming it. */
function notReady({ error = {} }: HealthCheckResult): ApiError {
  const faults = Object.entries(error).map(([name, facts]) => `${name}: ${String(facts?.message ?? 'down')}`);
  return new ApiError(503, 'NOT_READY', faults.join('; '));
}
