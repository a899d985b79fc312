import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { AccountState } from './account-state.ts';
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

/** What refuses anything new at an account that is not active, by the worst of its own state and of every level above. */
export const accountInactive = (state: Exclude<AccountState, 'active'>): ServiceError =>
  state === 'closed'
    ? accountClosed('The account is closed.')
    : platformError('account.suspended', 'The account is suspended.');
