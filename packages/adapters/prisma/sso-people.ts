/** Whom a provider names becomes somebody here, with a role and a session, or does not. */

import type { ProviderError } from '@patchbay/domain/sso/provider-error';
import {
  linkableAddress,
  linkRefusal,
  type ProvidedPerson,
  type SignInRefusal,
  shownName,
} from '@patchbay/domain/sso/provisioning';
import type { RoleRef } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';
import { noteSignIn } from './sign-in-log.ts';
import type { SsoPlace } from './sso-place.ts';
import { changeRole, noteAtTop, type ProvidedUser, providedRoleAt } from './sso-roles.ts';

/** Shorter than that of a password's: who left the organisation is asked for at its provider again within a day. */
export const SSO_SESSION_LIFETIME_MS = 24 * 3_600_000;

export type SsoRefusal =
  | SignInRefusal
  | ProviderError['kind']
  /** The attempt is too old, was used, or was begun in another browser. */
  | 'expired'
  /** There is no such organisation, or it has no provider. */
  | 'unknown'
  /** A test: the provider signed in somebody else than who is signed in here. */
  | 'other_person'
  /** Strangers began too many. */
  | 'too_many';

export type SsoOutcome =
  | { readonly outcome: 'in'; readonly signInSessionId: string }
  | { readonly outcome: 'tested'; readonly accountId: string }
  | { readonly outcome: 'refused'; readonly why: SsoRefusal; readonly testedAt?: string | undefined };

/** A refusal of which nothing is kept. */
export class RefusedSignIn extends Error {
  readonly why: SignInRefusal | 'other_person' | 'expired';
  constructor(why: RefusedSignIn['why']) {
    super(why);
    this.why = why;
  }
}

export interface Named {
  readonly place: SsoPlace;
  readonly person: ProvidedPerson;
}

/**
 * The user whom a provider names: bound by issuer and subject, and by an address only the first time (OpenID Connect Core
 * 1.0 §5.7). Whoever it is, their address is at a proved domain: a provider says nothing of others.
 */
async function userFor(
  prisma: PrismaClient,
  { place: { accountId, provider, domains }, person, role }: Named & { readonly role: RoleRef | undefined },
): Promise<ProvidedUser> {
  const { issuer, subject } = person;
  const identity = await inAccount(prisma, accountId, async (transaction) => {
    // One at a time: of two who come with one address, one is linked.
    await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`sso ${accountId}`}, 0))::text`;
    // What was set anew while somebody was at the old one is another provider.
    const [same] = await transaction.$queryRaw<object[]>`
      SELECT id FROM sso_provider WHERE id = ${provider.id} AND changed_at = ${provider.changedAt} FOR SHARE`;
    if (same === undefined) throw new RefusedSignIn('expired');
    const where = { accountId, issuer, subject };
    return await transaction.ssoIdentity.findFirst({ where, select: { userId: true } });
  });
  const user =
    identity === null
      ? await linkedUser(prisma, { accountId, provider, domains, person, role })
      : await profileOf(prisma, identity.userId);
  if (user === undefined) throw new Error('Somebody is linked, and not there.');
  const standing = await standingOf(prisma, { accountId, issuer, userId: user.userId });
  // Who left the organisation is of another one now: nobody here opens it.
  const refusal = linkRefusal({ ...standing, isLinked: identity === null && standing.isLinked });
  if (refusal !== undefined) throw new RefusedSignIn(refusal);
  await inAccount(prisma, accountId, async (transaction) => {
    // Only where their address is, still, at a domain that this organisation proved.
    const [proof] = await transaction.$queryRaw<{ ok: boolean }[]>`
      SELECT sso_prove_address(${user.userId}, ${accountId}) AS ok`;
    if (proof?.ok !== true) throw new RefusedSignIn('domain');
    const used = { lastUsedAt: new Date() };
    await transaction.ssoIdentity.upsert({
      where: { accountId_issuer_subject: { accountId, issuer, subject } },
      create: { accountId, issuer, subject, userId: user.userId, ...used },
      update: used,
    });
  });
  return user;
}

async function profileOf(prisma: PrismaClient, userId: string): Promise<ProvidedUser | undefined> {
  const [row] = await prisma.$queryRaw<{ name: string; email: string }[]>`
    SELECT name, email FROM user_profile(${userId})`;
  return row && { userId, ...row };
}

/** The user of an address that the provider vouches for. Somebody who is nobody's yet is made, if newcomers get a role. */
async function linkedUser(
  prisma: PrismaClient,
  {
    provider,
    domains,
    person,
    role,
  }: SsoPlace & Pick<Named, 'person'> & { readonly role: RoleRef | undefined },
): Promise<ProvidedUser> {
  const address = linkableAddress(person, {
    trustsEmail: provider.kind === 'oidc' && provider.trustsEmail,
    domains,
  });
  if (typeof address === 'string') throw new RefusedSignIn(address);
  const [found] = await prisma.$queryRaw<{ id: string; email: string; name: string }[]>`
    SELECT id, email, name FROM user_for_sign_in(${address.email})`;
  if (found !== undefined) return { userId: found.id, email: found.email, name: found.name };
  if (role === undefined) throw new RefusedSignIn('not_added');
  const name = shownName(person.name, address.email);
  const [made] = await prisma.$queryRaw<{ id: string }[]>`
    SELECT id FROM user_invite(${createId('usr')}, ${address.email}, ${name})`;
  if (made === undefined) throw new Error('A new user was neither found nor made.');
  return { userId: made.id, email: address.email, name };
}

async function standingOf(
  prisma: PrismaClient,
  {
    accountId,
    issuer,
    userId,
  }: { readonly accountId: string; readonly issuer: string; readonly userId: string },
) {
  return await inAccount(prisma, accountId, async (transaction) => {
    // Of all accounts in scope, which are those of the organisation.
    const taken = { userId, acceptedAt: { not: null } };
    const isMember = (await transaction.roleGrant.count({ where: taken })) > 0;
    const isLinked = (await transaction.ssoIdentity.count({ where: { accountId, issuer, userId } })) > 0;
    const [row] = await transaction.$queryRaw<{ elsewhere: boolean }[]>`
      SELECT sso_is_elsewhere(${userId}, ${accountId}) AS elsewhere`;
    return { isMember, isLinked, isElsewhere: row?.elsewhere !== false };
  });
}

/** What SCIM says of somebody: whether they are out, and in which groups they are. */
async function scimStanding(
  prisma: PrismaClient,
  accountId: string,
  userId: string,
): Promise<{ readonly isOut: boolean; readonly groups: readonly string[] }> {
  const found = await inAccount(prisma, accountId, ({ scimUser }) =>
    scimUser.findFirst({
      where: { accountId, userId },
      select: { isActive: true, memberships: { select: { group: { select: { displayName: true } } } } },
    }),
  );
  return {
    isOut: found?.isActive === false,
    groups: (found?.memberships ?? []).map(({ group }) => group.displayName),
  };
}

export async function tryAs(
  prisma: PrismaClient,
  { place, person, testedBy }: Named & { readonly testedBy: string },
): Promise<SsoOutcome> {
  const { userId } = await userFor(prisma, { place, person, role: undefined });
  if (userId !== testedBy) throw new RefusedSignIn('other_person');
  return { outcome: 'tested', accountId: place.accountId };
}

export interface Arriving extends Named {
  readonly address: string;
  readonly userAgent: string | undefined;
  /** Who is signed in in this browser, where nobody else may come in their place. */
  readonly onlyAs: string | undefined;
}

export async function signInAs(
  prisma: PrismaClient,
  { place, person, address, userAgent, onlyAs }: Arriving,
): Promise<SsoOutcome> {
  const { accountId, provider } = place;
  const roleOf = (groups: readonly string[]) => providedRoleAt(prisma, accountId, { provider, groups });
  const user = await userFor(prisma, { place, person, role: await roleOf(person.groups) });
  if (onlyAs !== undefined && user.userId !== onlyAs) throw new RefusedSignIn('other_person');
  const { isOut, groups } = await scimStanding(prisma, accountId, user.userId);
  // Whom the provider shut out is out, whatever it says of them elsewhere.
  if (isOut) throw new RefusedSignIn('not_added');
  const role = await roleOf([...person.groups, ...groups]);
  const isIn = await changeRole(prisma, accountId, { user, role, by: 'sign-in' });
  if (isIn === 'nowhere') throw new RefusedSignIn('not_added');
  // What the provider took away stays taken.
  if (isIn === 'taken_away') return { outcome: 'refused', why: 'not_added' };
  const { userId, name } = user;
  const signInSessionId = createId('sin');
  const until = new Date(Date.now() + SSO_SESSION_LIFETIME_MS);
  await inAccount(
    prisma,
    accountId,
    (transaction) => transaction.$executeRaw`
      SELECT sso_open_session(${signInSessionId}, ${userId}, ${until}, ${address}, ${userAgent ?? null}, ${accountId})`,
  );
  const after = {
    ...(userAgent === undefined ? {} : { userAgent }),
    by: provider.kind,
    provider: provider.id,
  };
  await noteSignIn(prisma, { action: 'sign-in.open', userId, name, address, after });
  return { outcome: 'in', signInSessionId };
}

const ADDRESS_CHARACTERS_MAX = 254;

/** Whom the provider knows and nobody let in: its owner has to be able to see why. */
export const noteRefused = (
  prisma: PrismaClient,
  {
    place: { accountId, provider },
    person,
    why,
    address,
  }: Named & { readonly why: string; readonly address: string },
): Promise<void> =>
  noteAtTop(prisma, accountId, {
    action: 'sign-in.refuse',
    actorId: 'stranger',
    actorName: 'A stranger',
    target: provider.id,
    address,
    after: { by: provider.kind, why, email: person.email?.slice(0, ADDRESS_CHARACTERS_MAX) },
  });
