import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.js';
import { AdminToken } from './admin-token.js';
import { PUBLIC_ROUTE } from './public.decorator.js';

const BEARER = /^Bearer +(\S+)$/i;

/** Lets requests with the right bearer token through, and all to public routes. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly adminToken: AdminToken,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, targets)) return true;
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token !== undefined && this.adminToken.matches(token)) return true;
    throw new ApiError(401, 'UNAUTHENTICATED', 'Send the admin token as "Authorization: Bearer <token>"', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
}
