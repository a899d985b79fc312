import { ServiceError } from '@patchbay/kit/errors';
import { tenancy } from './definition.ts';

/** What refuses a change at an account that is closed, or below one, whichever operation was asked for (ACC-2). */
export const accountClosed = (
  publicDetail: string,
  place: { readonly rule?: string; readonly level?: string } = {},
): ServiceError =>
  new ServiceError({
    ...tenancy.errors.account_closed,
    code: 'tenancy.account_closed',
    publicDetail,
    ...place,
  });
