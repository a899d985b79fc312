import type { Access } from '@patchbay/kit/definition';
import type { roles } from './definition.ts';

export type Role = (typeof roles)[number];

/** What each role may do (ACC-3). The only place that says so. */
export const accessesOf: Readonly<Record<Role, readonly Access[]>> = {
  owner: ['read', 'develop', 'bill', 'administer', 'own'],
  admin: ['read', 'develop', 'bill', 'administer'],
  developer: ['read', 'develop'],
  billing: ['read', 'bill'],
  viewer: ['read'],
};

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

/** Whether a user with this reach may do what an operation asks for. Nothing is allowed that is not listed. */
export function isAllowed(
  reach: Reach,
  { access, authority = 'self' }: { readonly access: Access; readonly authority?: 'self' | 'ancestor' },
): boolean {
  return (authority === 'ancestor' ? reach.accessesFromAbove : reach.accesses).has(access);
}
