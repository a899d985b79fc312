import { rightsAllow } from '@patchbay/domain/tenancy/access';
import { type Grant, reachAlong } from '@patchbay/domain/tenancy/reach';
import { roles } from '@patchbay/domain/tenancy/role-operations';
import { mountedOperations } from '@patchbay/faces/mounted';

/** A role as whoever holds it is told of it. */
interface Held {
  /** Of the account at which it was given. */
  readonly id: string;
  readonly role: string;
  /** Of one that an account defined. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Whether it is asked for the account at hand, or for one below it: there, whoever has a role here stands above. `above`: of
 * the account at hand, and by a role of an account above it alone.
 */
export type Place = 'here' | 'below' | 'above';

export interface Standing {
  /** From the highest account in sight down to the one at hand. */
  readonly chain: readonly string[];
  readonly held: readonly Held[];
  /** They look as an account below theirs does: with the rights that they have there, and changing nothing (PRD-3). */
  readonly isLooking: boolean;
  /** The account at hand is suspended or closed: whoever does not stand above it changes nothing there. */
  readonly isStopped?: boolean;
}

const mountedByName = new Map(
  mountedOperations.map((mounted) => [`${mounted.group}.${mounted.name}`, mounted]),
);

/** Whether somebody may do an operation, by the rules that the platform itself goes by. */
export function mayDo(
  operation: string,
  { chain, held, isLooking, isStopped = false }: Standing,
  place: Place,
): boolean {
  const mounted = mountedByName.get(operation);
  if (mounted === undefined) return false;
  const { scopeName, name, operation: declared } = mounted;
  const isRead = declared.method === 'GET';
  if (isLooking && !isRead) return false;
  // What is for those above alone is not for a role at the account itself.
  const isOnlyOfAbove = declared.authority === 'ancestor' || (isStopped && !isRead);
  const isOfAbove = place === 'above' || (isOnlyOfAbove && place === 'here');
  const grants = held.flatMap(grantOf).filter(({ accountId }) => !isOfAbove || accountId !== chain.at(-1));
  return rightsAllow(reachAlong(chain, grants), {
    owner: scopeName,
    operation: name,
    access: declared.access,
    isRead,
  });
}

function grantOf({ id: accountId, role: held, scopes }: Held): readonly Grant[] {
  if (scopes !== undefined) return [{ accountId, role: 'custom', scopes }];
  const role = roles.find((builtIn) => builtIn === held);
  return role === undefined ? [] : [{ accountId, role }];
}
