import { SetMetadata } from '@nestjs/common';

export const PUBLIC_ROUTE = 'reelay:public';

/** Marks routes that need no token. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC_ROUTE, true);
