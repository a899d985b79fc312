import type { OwnCollectingState } from '@patchbay/domain/billing/own-collecting';
import type { AccountPlace } from '../shell/account-standing.ts';

/** Whether it stands where whoever collects does: at the top of all accounts, or of a customer's test accounts. */
export const isTopCollector = ({ id, isPlatform, isTest, topAccountId }: AccountPlace): boolean =>
  isTest ? id === topAccountId : isPlatform;

/** Whether a reseller asks its customers itself in the month that goes on (decision 0017). */
export const asksItself = (state: OwnCollectingState): boolean =>
  state === 'collecting' || state === 'ending';
