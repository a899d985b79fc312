import type { Outputs } from '../../trpc/client.ts';

/** Of the answer of `accounts.get`: where the account stands, and whom above it the reader sees. */
export type AccountPlace = Pick<
  Outputs['accounts']['get'],
  'id' | 'isPlatform' | 'topAccountId' | 'isTest'
> & {
  readonly ancestors: readonly Pick<Outputs['accounts']['get']['ancestors'][number], 'id'>[];
};
/** Of the answer of `me.get`. */
export type ReaderPlace = Pick<Outputs['me']['get'], 'organisations'> & {
  /** Of somebody who looks as an account below theirs. */
  readonly view?: object | undefined;
};

/** Whether an account is the one at the top, whose owners run the platform. One whose parent is out of sight is not. */
export const isPlatform = (account: Pick<AccountPlace, 'isPlatform'> | undefined): boolean =>
  account?.isPlatform === true;

/**
 * Whether the account belongs to an organisation that the reader reaches: whoever sees its top account, the one below the
 * platform's. A page that asks all the same is refused, and the account's log of refusals tells of it (PRD-8).
 */
export function seesOrganisation(account: AccountPlace, { organisations, view }: ReaderPlace): boolean {
  const { topAccountId } = account;
  if (topAccountId === undefined) return false;
  const [highest = account] = account.ancestors;
  // From the platform, and while somebody looks as another or at test accounts, nothing more is known than where it stands.
  if (highest.id !== topAccountId || view !== undefined || account.isTest) return true;
  return organisations.some(({ accountId }) => accountId === topAccountId);
}
