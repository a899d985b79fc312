import { createHmac, type KeyObject } from 'node:crypto';
import { domainOf } from '@patchbay/domain/sso/address-domain';
import type { OidcSettings, Probe, SamlIdentity, SamlSettings, SamlUnread } from '@patchbay/domain/sso/ports';
import { ProviderError } from '@patchbay/domain/sso/provider-error';
import type { ProvidedPerson } from '@patchbay/domain/sso/provisioning';
import { samlErrors } from '@patchbay/domain/sso/saml-errors';
import { verifiedBy } from '@patchbay/domain/sso/saml-given';
import { ssoPath } from '@patchbay/domain/sso/sso-answer';
import type { ProviderClient, RelyingClient } from '../oidc/relying-client.ts';
import type { PublishedKeys } from '../saml/metadata.ts';
import type { ServiceProvider } from '../saml/service-provider.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import {
  type AnsweredPerson,
  namesAt,
  receiveSaml,
  type SamlPost,
  type SamlReceipt,
} from './saml-answers.ts';
import { openSamlKeys, publishedSamlKeys } from './saml-keys.ts';
import { inAccount } from './scope.ts';
import { type Attempt, attemptHash, makeAttempt, newAttempt } from './sso-attempts.ts';
import {
  noteRefused,
  RefusedSignIn,
  type SsoOutcome,
  type SsoRefusal,
  signInAs,
  tryAs,
} from './sso-people.ts';
import { forgetProblem, noteProblem, placeAt, placeOfOrganisation, type SsoPlace } from './sso-place.ts';
import { secretName } from './sso-store.ts';
import { atomically } from './unit-of-work.ts';

export interface SsoStart {
  readonly organisationId: string;
  /** Of the host that the browser is at, and comes back to: the platform's, or that of a brand. */
  readonly baseUrl: string;
  /** Known to this browser alone. */
  readonly browserSecret: string;
  /** To fill in at the provider. */
  readonly email?: string | undefined;
  /** A test by whoever is signed in, who stays signed in as they are. */
  readonly testedBy?: string | undefined;
}

export interface SsoReturn {
  readonly organisationId: string;
  readonly baseUrl: string;
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
  /** What a provider of SAML says, before the browser shows that it began. */
  receive(post: SamlPost): Promise<SamlReceipt>;
  /** What our metadata say of keys. */
  samlKeys(organisationId: string): Promise<PublishedKeys>;
  finish(arrival: SsoReturn): Promise<SsoOutcome>;
  probe(account: { readonly accountId: string }): Promise<Probe>;
}

export interface SsoSignInOptions {
  readonly cipher: MintBranchCipher;
  readonly client: RelyingClient;
  readonly saml: {
    readonly client: ServiceProvider;
    fetchMetadata(url: string): Promise<SamlIdentity | SamlUnread>;
  };
}

/** What goes with a state, out of what only the browser has: so the table of attempts has nothing to steal. */
const derived = ({ browserSecret, state }: Attempt, use: string) =>
  createHmac('sha256', browserSecret).update(`${use} ${state}`).digest('base64url');

const secretsOf = (attempt: Attempt) => ({
  state: attempt.state,
  nonce: derived(attempt, 'nonce'),
  codeVerifier: derived(attempt, 'code verifier'),
});

/** Signs people in by the provider of their organisation (PRD-3). */
export function ssoSignIns(prisma: PrismaClient, { cipher, client, saml }: SsoSignInOptions): SsoSignIns {
  async function secretOf({ accountId, provider: { id } }: SsoPlace): Promise<string> {
    const [row] = await inAccount(
      prisma,
      accountId,
      (transaction) => transaction.$queryRaw<{ secret: Uint8Array | null }[]>`
        SELECT sso_client_secret(${accountId}) AS secret`,
    );
    // It was there when the place was read: whoever comes back to what was removed meanwhile begins again.
    if (row === undefined || row.secret === null) throw new RefusedSignIn('expired');
    return Buffer.from(cipher.open(secretName(id), row.secret)).toString('utf8');
  }

  async function oidcOf(
    place: SsoPlace,
    { issuer, clientId, groupsClaim }: OidcSettings,
  ): Promise<ProviderClient> {
    const { id, changedAt } = place.provider;
    const key = `${id} ${changedAt.getTime()}`;
    return { key, issuer, clientId, clientSecret: await secretOf(place), groupsClaim };
  }

  /** A request that the provider would refuse is not made: whoever set that it is signed wants no other. */
  async function signingKeyOf(accountId: string): Promise<KeyObject> {
    const { signing } = await openSamlKeys(prisma, cipher, accountId);
    if (signing === undefined)
      throw new ProviderError('invalid', samlErrors.saml_key_missing.title, { code: 'sso.saml_key_missing' });
    return signing;
  }

  /** Why a provider signed nobody in, on record for its owners. */
  async function refusedBy(accountId: string, error: unknown): Promise<ProviderError['kind']> {
    if (!(error instanceof ProviderError)) throw error;
    await noteProblem(prisma, accountId, error);
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

    async start({ organisationId, baseUrl, browserSecret, email, testedBy }) {
      const place = await placeOfOrganisation(prisma, organisationId);
      if (place === undefined) return 'unknown';
      const { accountId, provider } = place;
      const attempt = newAttempt(browserSecret);
      const { state } = attempt;
      try {
        const url =
          provider.kind === 'saml'
            ? await saml.client.depart(provider, {
                names: namesAt(organisationId, baseUrl),
                state,
                signingKey: provider.signsRequests ? await signingKeyOf(accountId) : undefined,
              })
            : await client.depart(await oidcOf(place, provider), {
                ...secretsOf(attempt),
                redirectUrl: new URL(ssoPath(organisationId, 'callback'), baseUrl).href,
                email,
              });
        const isMade = await makeAttempt(prisma, { ...attempt, providerId: provider.id, userId: testedBy });
        return isMade ? url : 'too_many';
      } catch (error) {
        if (error instanceof RefusedSignIn) return error.why;
        return await refusedBy(accountId, error);
      }
    },

    receive: (post) => receiveSaml(prisma, { client: saml.client, cipher, post }),

    samlKeys: (organisationId) => publishedSamlKeys(prisma, organisationId),

    async finish({ organisationId, baseUrl, browserSecret, search, userId: currentId, address, userAgent }) {
      const place = await placeOfOrganisation(prisma, organisationId);
      if (place === undefined) return { outcome: 'refused', why: 'unknown' };
      const { accountId, provider } = place;
      const url = new URL(`${ssoPath(organisationId, 'callback')}${search}`, baseUrl);
      const state = url.searchParams.get('state') ?? '';
      const [attempt] = await prisma.$queryRaw<{ user_id: string | null; person: AnsweredPerson | null }[]>`
        SELECT user_id, person FROM sso_attempt_take(${attemptHash(state)}, ${provider.id}, ${attemptHash(browserSecret)})`;
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
        if (provider.kind === 'saml') {
          // Somebody who comes back without an answer, or with one to what was set otherwise then.
          if (attempt.person?.changedAt !== provider.changedAt.toISOString()) return refused('expired');
          person = attempt.person;
        } else {
          const arrival = { ...secretsOf({ state, browserSecret }), url };
          person = await client.arrive(await oidcOf(place, provider), arrival);
        }
      } catch (error) {
        if (error instanceof RefusedSignIn) return refused(error.why);
        return refused(await refusedBy(accountId, error));
      }
      // Nobody is made to be somebody else by a page that posts an answer which nobody asked for.
      const onlyAs = attempt.person?.isUnasked === true ? currentId : undefined;
      try {
        const outcome = await atomically(prisma, () =>
          testedBy === undefined
            ? signInAs(prisma, { place, person, address, userAgent, onlyAs })
            : tryAs(prisma, { place, person, testedBy }),
        );
        await forgetProblem(prisma, place);
        return outcome;
      } catch (error) {
        if (!(error instanceof RefusedSignIn)) throw error;
        const { why } = error;
        await noteRefused(prisma, { place, person, why, address });
        return refused(why);
      }
    },

    async probe({ accountId }) {
      const place = await placeAt(prisma, accountId);
      if (place === undefined) return { isUsable: false, problem: 'There is none.' };
      const { provider } = place;
      if (provider.kind === 'saml') return await probeSaml(provider, saml.fetchMetadata);
      try {
        return { isUsable: true, ...(await client.probe(await oidcOf(place, provider))) };
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        return { isUsable: false, problem: error.detail };
      }
    },
  };
}

/** A provider of SAML is asked nothing but its metadata, where it has an address: whether that says what is set. */
async function probeSaml(
  provider: SamlSettings,
  fetchMetadata: SsoSignInOptions['saml']['fetchMetadata'],
): Promise<Probe> {
  const usable = { isUsable: true, authorizationEndpoint: provider.signInUrl } as const;
  if (provider.metadataUrl === undefined) return usable;
  const found = await fetchMetadata(provider.metadataUrl);
  if ('refused' in found) return { isUsable: false, problem: found.refused };
  const isSame = found.issuer === provider.issuer && verifiedBy(found) === verifiedBy(provider);
  return isSame
    ? usable
    : { isUsable: false, problem: 'Its metadata says something else by now: save the provider again.' };
}
