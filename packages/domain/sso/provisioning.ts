/** Whom a provider signs in, and with which role: plain decisions, of what was read before. */
import { unseenCharacters } from '../tenancy/fields.ts';
import type { RoleRef } from '../tenancy/ports.ts';
import { domainOf } from './address-domain.ts';

/** What a provider says of somebody, once its word was verified. */
export interface ProvidedPerson {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** Undefined: it does not say. */
  readonly isEmailVerified: boolean | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

/** Why somebody whom a provider knows does not come in. */
export type SignInRefusal =
  /** It names no address, or says that it was not verified. */
  | 'no_address'
  /** The address is at no domain that the organisation proved. */
  | 'domain'
  /** Somebody else of the provider is linked to this address. */
  | 'other_subject'
  /** The address is of somebody who took a role at another organisation, and none at this one. */
  | 'elsewhere'
  /** Nobody added them, and newcomers get no role. */
  | 'not_added';

interface ProviderRules {
  readonly trustsEmail: boolean;
  readonly newcomerRole: RoleRef | undefined;
  readonly groupRoles: readonly { readonly group: string; readonly role: RoleRef }[];
}

/** The address by which somebody may be linked. Whoever controls a proved domain answers for its addresses, and for no other. */
export function linkableAddress(
  { email, isEmailVerified }: Pick<ProvidedPerson, 'email' | 'isEmailVerified'>,
  { trustsEmail, domains }: Pick<ProviderRules, 'trustsEmail'> & { readonly domains: readonly string[] },
): { readonly email: string } | SignInRefusal {
  if (email === undefined) return 'no_address';
  if (isEmailVerified === false || (isEmailVerified === undefined && !trustsEmail)) return 'no_address';
  return isAtDomain(email, domains) ? { email: email.toLowerCase() } : 'domain';
}

const isAtDomain = (email: string, domains: readonly string[]): boolean => {
  const domain = domainOf(email);
  return domain !== undefined && domains.includes(domain);
};

/** Of a user who is there already, and whom nobody is linked to yet. */
export interface Standing {
  /** They took a role in the organisation. An invitation makes nobody a member: it says nothing of what they want. */
  readonly isMember: boolean;
  /** They took a role outside of it. */
  readonly isElsewhere: boolean;
  /** Another subject of the same provider is linked to them. */
  readonly isLinked: boolean;
}

export function linkRefusal({ isMember, isElsewhere, isLinked }: Standing): SignInRefusal | undefined {
  if (isLinked) return 'other_subject';
  return isElsewhere && !isMember ? 'elsewhere' : undefined;
}

/** The role that a provider gives: that of the first group somebody is in, else that of newcomers. */
export const providedRole = (
  groups: readonly string[],
  { groupRoles, newcomerRole }: Pick<ProviderRules, 'groupRoles' | 'newcomerRole'>,
): RoleRef | undefined => groupRoles.find(({ group }) => groups.includes(group))?.role ?? newcomerRole;

/** What somebody holds at the top account of the organisation. */
export interface HeldAtTop {
  readonly role: RoleRef;
  readonly isTaken: boolean;
  /** The provider gave it, and nobody by hand. */
  readonly isProvisioned: boolean;
}

export type RoleChange =
  | { readonly kind: 'keep' | 'accept' | 'take_away' }
  | { readonly kind: 'give' | 'change'; readonly role: RoleRef };

/**
 * What becomes of the role at the top account when somebody signs in. What was given by hand stays; what the provider gave
 * follows it. Who holds a role further down alone is left there: signing in widens nobody's rights.
 */
export function roleChange({
  held,
  isTakenBelow,
  provided,
}: {
  readonly held: HeldAtTop | undefined;
  readonly isTakenBelow: boolean;
  readonly provided: RoleRef | undefined;
}): RoleChange {
  if (held === undefined)
    return provided === undefined || isTakenBelow ? { kind: 'keep' } : { kind: 'give', role: provided };
  if (!held.isTaken) return { kind: 'accept' };
  if (!held.isProvisioned || held.role === provided) return { kind: 'keep' };
  return provided === undefined ? { kind: 'take_away' } : { kind: 'change', role: provided };
}

const NAME_CHARACTERS_MAX = 100;

/** A name as lists and logs take it: on one line, in one direction. */
export const shownName = (name: string | undefined, email: string): string =>
  (name ?? '').replace(unseenCharacters, ' ').trim().slice(0, NAME_CHARACTERS_MAX) ||
  email.slice(0, NAME_CHARACTERS_MAX);
