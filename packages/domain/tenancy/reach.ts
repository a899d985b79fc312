import { type HeldRole, type Rights, rightsOf } from './access.ts';

/** A role that somebody was given at an account. It reaches down the tree from there, never up or sideways. */
export type Grant = HeldRole & { readonly accountId: string };

/**
 * What a user holds at the last account of a chain.
 * @param chain From the platform down to the account in question.
 */
export interface Reach extends Rights {
  /** The highest account of the chain that the user sees. Absent: none of it. */
  readonly topId: string | undefined;
  /** What the user may do as somebody strictly above the account. */
  readonly fromAbove: Rights;
}

export function reachAlong(chain: readonly string[], grants: readonly Grant[]): Reach {
  const accountId = chain.at(-1);
  const held = grants.filter((grant) => chain.includes(grant.accountId));
  return {
    ...rightsOf(held),
    topId: chain.find((id) => held.some((grant) => grant.accountId === id)),
    fromAbove: rightsOf(held.filter((grant) => grant.accountId !== accountId)),
  };
}
