import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { BackendConfig } from '../config.js';
import { AdminToken, loadAdminToken } from './admin-token.js';
import { AuthGuard } from './auth.guard.js';

@Module({
  providers: [
    { provide: AdminToken, inject: [BackendConfig], useFactory: loadAdminToken },
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [AdminToken],
})
export class AuthModule {}
