import type { Access } from '@patchbay/kit/definition';
import { accessesOf, type Role } from './access.ts';

/** A role that somebody was given at an account. It reaches down the tree from there, never up or sideways. */
export interface Grant {
  readonly accountId: string;
  readonly role: Role;
}

/**
 * What a user holds at the last account of a chain.
 * @param chain From the platform down to the account in question.
 */
export interface Reach {
  /** The highest account of the chain that the user sees. Absent: none of it. */
  readonly topId: string | undefined;
  readonly accesses: ReadonlySet<Access>;
  /** What the user may do as somebody strictly above the account. */
  readonly accessesFromAbove: ReadonlySet<Access>;
}

export function reachAlong(chain: readonly string[], grants: readonly Grant[]): Reach {
  const accountId = chain.at(-1);
  const roleAt = new Map(grants.map((grant) => [grant.accountId, grant.role]));
  const accesses = new Set<Access>();
  const accessesFromAbove = new Set<Access>();
  for (const id of chain) {
    const role = roleAt.get(id);
    if (role === undefined) continue;
    for (const access of accessesOf[role]) {
      accesses.add(access);
      if (id !== accountId) accessesFromAbove.add(access);
    }
  }
  return { topId: chain.find((id) => roleAt.has(id)), accesses, accessesFromAbove };
}
