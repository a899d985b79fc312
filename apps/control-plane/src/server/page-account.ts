import { isId } from '@patchbay/kit/ids';

/** Of the request for a page: the account that its address names. What a client writes there is replaced. */
export const PAGE_ACCOUNT_HEADER = 'x-page-account';

/**
 * The account that the address of a page names, be there such a page or not: what frames the page shows that one's brand from the
 * first byte (PRD-2). It says nothing of who may see the account.
 */
export function pageAccountOf(pathname: string): string | undefined {
  const [, accountId = ''] = /^\/accounts\/([^/]+)/.exec(pathname) ?? [];
  return isId('acc', accountId) ? accountId : undefined;
}
