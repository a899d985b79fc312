import { createHash, createHmac, randomBytes } from 'node:crypto';
import { domainOf } from '@patchbay/domain/sso/address-domain';
import { ssoPath } from '@patchbay/domain/sso/handlers';
import type { Probe, ProviderRecord } from '@patchbay/domain/sso/ports';
import {
  linkableAddress,
  linkRefusal,
  type ProvidedPerson,
  type SignInRefusal,
  shownName,
} from '@patchbay/domain/sso/provisioning';
import type { RoleRef } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { type ProviderClient, ProviderError, type RelyingClient } from '../oidc/relying-client.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { inAccount } from './scope.ts';
import { noteSignIn } from './sign-in-log.ts';
import { changeRole, noteAtTop, type ProvidedUser, providedRoleAt } from './sso-roles.ts';
import { readProvider, secretName } from './sso-store.ts';
import { atomically } from './unit-of-work.ts';

/** From the way to the provider until the way back. */
export const SSO_ATTEMPT_LIFETIME_MS = 10 * 60_000;
/** Shorter than that of a password's: who left the organisation is asked for at its provider again within a day. */
export const SSO_SESSION_LIFETIME_MS = 24 * 3_600_000;
const SECRET_BYTES = 32;

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

export interface SsoStart {
  readonly organisationId: string;
  /** Known to this browser alone. */
  readonly browserSecret: string;
  /** To fill in at the provider. */
  readonly email?: string | undefined;
  /** A test by whoever is signed in, who stays signed in as they are. */
  readonly testedBy?: string | undefined;
}

export interface SsoReturn {
  readonly organisationId: string;
  readonly browserSecret: string;
  /** Of the request: what the provider sent along. */
  readonly search: string;
  /** Who is signed in in this browser. */
  readonly userId?: string | undefined;
  readonly address: string;
  readonly userAgent?: string | undefined;
}

export interface SsoSignIns {
  /** The organisation that signs in whoever has this address. Only its domain is looked at: nobody learns who is there. */
  organisationOf(email: string): Promise<string | undefined>;
  /** Where to send the browser. */
  start(start: SsoStart): Promise<URL | SsoRefusal>;
  finish(arrival: SsoReturn): Promise<SsoOutcome>;
  probe(account: { readonly accountId: string }): Promise<Probe>;
}

export interface SsoSignInOptions {
  readonly cipher: MintBranchCipher;
  readonly client: RelyingClient;
  readonly urlOf: (path: string) => string;
}

export const newBrowserSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

const hashOf = (text: string) => Uint8Array.from(createHash('sha256').update(text).digest());

/** What goes with a state, out of what only the browser has: so the table of attempts has nothing to steal. */
const derived = (browserSecret: string, use: string, state: string) =>
  createHmac('sha256', browserSecret).update(`${use} ${state}`).digest('base64url');

const secretsOf = (browserSecret: string, state: string) => ({
  state,
  nonce: derived(browserSecret, 'nonce', state),
  codeVerifier: derived(browserSecret, 'code verifier', state),
});

/** A refusal of which nothing is kept. */
class RefusedSignIn extends Error {
  readonly why: SignInRefusal | 'other_person' | 'expired';
  constructor(why: RefusedSignIn['why']) {
    super(why);
    this.why = why;
  }
}

interface Place {
  readonly accountId: string;
  readonly provider: ProviderRecord;
  /** Proved ones alone. */
  readonly domains: readonly string[];
  readonly client: ProviderClient;
}

/** Signs people in by the provider of their organisation (PRD-3). */
export function ssoSignIns(prisma: PrismaClient, { cipher, client, urlOf }: SsoSignInOptions): SsoSignIns {
  const placeOf = (accountId: string): Promise<Place | undefined> =>
    inAccount(prisma, accountId, async (transaction) => {
      const provider = await readProvider(transaction, accountId);
      if (provider === undefined) return undefined;
      const [row] = await transaction.$queryRaw<{ secret: Uint8Array }[]>`
        SELECT sso_client_secret(${accountId}) AS secret`;
      if (row === undefined) return undefined;
      const proved = await transaction.ssoDomain.findMany({
        where: { accountId, provedAt: { not: null } },
        select: { domain: true },
      });
      const { id, issuer, clientId, groupsClaim, changedAt } = provider;
      const clientSecret = Buffer.from(cipher.open(secretName(id), row.secret)).toString('utf8');
      const key = `${id} ${changedAt.getTime()}`;
      return {
        accountId,
        provider,
        domains: proved.map(({ domain }) => domain),
        client: { key, issuer, clientId, clientSecret, groupsClaim },
      };
    });

  async function placeOfOrganisation(organisationId: string): Promise<Place | undefined> {
    const [row] = await prisma.$queryRaw<{ account_id: string }[]>`
      SELECT account_id FROM sso_of_organisation(${organisationId})`;
    return row && (await placeOf(row.account_id));
  }

  const noteProblem = (accountId: string, problem: string | undefined): Promise<unknown> =>
    inAccount(prisma, accountId, ({ ssoProvider }) =>
      ssoProvider.updateMany({
        where: { accountId },
        data: { problem: problem ?? null, problemAt: problem === undefined ? null : new Date() },
      }),
    );

  /** What a provider did wrong is shown to the owners; what it declined is between it and the person. */
  async function refusedBy(accountId: string, error: unknown): Promise<ProviderError['kind']> {
    if (!(error instanceof ProviderError)) throw error;
    if (error.kind !== 'declined') await noteProblem(accountId, error.detail);
    return error.kind;
  }

  return {
    async organisationOf(email) {
      const domain = domainOf(email);
      if (domain === undefined) return undefined;
      const [row] = await prisma.$queryRaw<{ organisation_id: string; has_provider: boolean }[]>`
        SELECT organisation_id, has_provider FROM sso_of_domain(${domain})`;
      return row?.has_provider === true ? row.organisation_id : undefined;
    },

    async start({ organisationId, browserSecret, email, testedBy }) {
      const place = await placeOfOrganisation(organisationId);
      if (place === undefined) return 'unknown';
      const state = randomBytes(SECRET_BYTES).toString('base64url');
      const until = new Date(Date.now() + SSO_ATTEMPT_LIFETIME_MS);
      const departure = {
        ...secretsOf(browserSecret, state),
        redirectUrl: urlOf(ssoPath(organisationId, 'callback')),
        email,
      };
      try {
        const url = await client.depart(place.client, departure);
        const [row] = await prisma.$queryRaw<{ made: boolean }[]>`
          SELECT sso_attempt_make(${hashOf(state)}, ${place.provider.id}, ${hashOf(browserSecret)}, ${testedBy ?? null},
            ${until}) AS made`;
        return row?.made === true ? url : 'too_many';
      } catch (error) {
        return await refusedBy(place.accountId, error);
      }
    },

    async finish({ organisationId, browserSecret, search, userId: currentId, address, userAgent }) {
      const place = await placeOfOrganisation(organisationId);
      if (place === undefined) return { outcome: 'refused', why: 'unknown' };
      const { accountId, provider } = place;
      const url = new URL(`${urlOf(ssoPath(organisationId, 'callback'))}${search}`);
      const state = url.searchParams.get('state') ?? '';
      const [attempt] = await prisma.$queryRaw<{ user_id: string | null }[]>`
        SELECT user_id FROM sso_attempt_take(${hashOf(state)}, ${provider.id}, ${hashOf(browserSecret)})`;
      if (attempt === undefined) return { outcome: 'refused', why: 'expired' };
      const testedBy = attempt.user_id ?? undefined;
      const refused = (why: SsoRefusal): SsoOutcome => ({
        outcome: 'refused',
        why,
        ...(testedBy === undefined ? {} : { testedAt: accountId }),
      });
      if (testedBy !== undefined && testedBy !== currentId) return refused('other_person');
      let person: ProvidedPerson;
      try {
        person = await client.arrive(place.client, { ...secretsOf(browserSecret, state), url });
      } catch (error) {
        return refused(await refusedBy(accountId, error));
      }
      try {
        const outcome = await atomically(prisma, () =>
          testedBy === undefined
            ? signInAs(prisma, { place, person, address, userAgent })
            : test(prisma, { place, person, testedBy }),
        );
        if (provider.problem !== undefined) await noteProblem(accountId, undefined);
        return outcome;
      } catch (error) {
        if (!(error instanceof RefusedSignIn)) throw error;
        const { why } = error;
        await noteRefused(prisma, { place, person, why, address });
        return refused(why);
      }
    },

    async probe({ accountId }) {
      const place = await placeOf(accountId);
      if (place === undefined) return { isUsable: false, problem: 'There is none.' };
      try {
        return { isUsable: true, ...(await client.probe(place.client)) };
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        return { isUsable: false, problem: error.detail };
      }
    },
  };
}

interface Named {
  readonly place: Place;
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
  }: Omit<Place, 'client'> & Pick<Named, 'person'> & { readonly role: RoleRef | undefined },
): Promise<ProvidedUser> {
  const address = linkableAddress(person, { ...provider, domains });
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

async function test(
  prisma: PrismaClient,
  { place, person, testedBy }: Named & { readonly testedBy: string },
): Promise<SsoOutcome> {
  const { userId } = await userFor(prisma, { place, person, role: undefined });
  if (userId !== testedBy) throw new RefusedSignIn('other_person');
  return { outcome: 'tested', accountId: place.accountId };
}

interface Arriving extends Named {
  readonly address: string;
  readonly userAgent: string | undefined;
}

async function signInAs(
  prisma: PrismaClient,
  { place, person, address, userAgent }: Arriving,
): Promise<SsoOutcome> {
  const { accountId, provider } = place;
  const roleOf = (groups: readonly string[]) => providedRoleAt(prisma, accountId, { provider, groups });
  const user = await userFor(prisma, { place, person, role: await roleOf(person.groups) });
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
  const after = { ...(userAgent === undefined ? {} : { userAgent }), by: 'oidc', provider: provider.id };
  await noteSignIn(prisma, { action: 'sign-in.open', userId, name, address, after });
  return { outcome: 'in', signInSessionId };
}

const ADDRESS_CHARACTERS_MAX = 254;

/** Whom the provider knows and nobody let in: its owner has to be able to see why. */
const noteRefused = (
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
    after: { by: 'oidc', why, email: person.email?.slice(0, ADDRESS_CHARACTERS_MAX) },
  });
