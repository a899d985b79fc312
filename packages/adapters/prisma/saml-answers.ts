import { ProviderError } from '@patchbay/domain/sso/provider-error';
import type { ProvidedPerson } from '@patchbay/domain/sso/provisioning';
import { assertedPerson } from '@patchbay/domain/sso/saml-attributes';
import { samlErrors } from '@patchbay/domain/sso/saml-errors';
import { samlPath } from '@patchbay/domain/sso/sso-answer';
import type { ReadAssertion } from '../saml/assertion.ts';
import type { ServiceProviderNames } from '../saml/metadata.ts';
import type { ServiceProvider } from '../saml/service-provider.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { openSamlKeys } from './saml-keys.ts';
import { inAccount } from './scope.ts';
import { attemptHash, makeAttempt, newAttempt } from './sso-attempts.ts';
import { noteProblem, placeOfOrganisation, type SsoPlace } from './sso-place.ts';
import { atomically } from './unit-of-work.ts';

/** What a browser brought from a provider, posted by a page of that: no cookie of ours comes along. */
export interface SamlPost {
  readonly organisationId: string;
  /** Of the host that it was posted to. */
  readonly baseUrl: string;
  readonly response: string;
  readonly relayState: string;
}

export type SamlReceipt =
  /** It holds. Whoever has the cookie of the attempt goes on; where there was none, this is it. */
  | { readonly outcome: 'received'; readonly state: string; readonly browserSecret?: string }
  | { readonly outcome: 'refused'; readonly why: ProviderError['kind'] | 'expired' | 'unknown' | 'too_many' };

/** Whom an attempt waits for, between the answer and the browser. */
export interface AnsweredPerson extends ProvidedPerson {
  /** Nobody here had sent the browser there. */
  readonly isUnasked: boolean;
  /** When the provider was set as it was when this was verified. */
  readonly changedAt: string;
}

export const namesAt = (organisationId: string, baseUrl: string): ServiceProviderNames => ({
  entityId: new URL(samlPath(organisationId, 'metadata'), baseUrl).href,
  acsUrl: new URL(samlPath(organisationId, 'acs'), baseUrl).href,
});

/** As a state of ours looks; what providers send along by themselves is something else. */
const ownState = /^[\w-]{43}$/;

const refusedAs = (refusal: keyof typeof samlErrors) =>
  new ProviderError('invalid', samlErrors[refusal].title, { code: `sso.${refusal}` });

interface Receiving {
  readonly client: ServiceProvider;
  readonly cipher: MintBranchCipher;
  readonly post: SamlPost;
}

/** Takes the answer of a provider, once, and keeps whom it names for the browser that began. */
export async function receiveSaml(
  prisma: PrismaClient,
  { client, cipher, post }: Receiving,
): Promise<SamlReceipt> {
  const place = await placeOfOrganisation(prisma, post.organisationId);
  if (place === undefined || place.provider.kind !== 'saml') return { outcome: 'refused', why: 'unknown' };
  const { accountId, provider } = place;
  const [attempt] = await prisma.$queryRaw<{ waits: boolean }[]>`
    SELECT sso_attempt_waits(${attemptHash(post.relayState)}, ${provider.id}) AS waits`;
  const isAsked = attempt?.waits === true;
  // Whoever took too long has nothing that the provider did wrong.
  if (!isAsked && ownState.test(post.relayState)) return { outcome: 'refused', why: 'expired' };
  try {
    const arrival = {
      names: namesAt(post.organisationId, post.baseUrl),
      response: post.response,
      state: isAsked ? post.relayState : undefined,
      keys: (await openSamlKeys(prisma, cipher, accountId)).all,
    };
    const read = await client.arrive(provider, arrival);
    if (!isAsked && !provider.acceptsUnasked) throw refusedAs('saml_unasked');
    const person = {
      ...assertedPerson(read.asserted, provider.attributes),
      isUnasked: !isAsked,
      changedAt: provider.changedAt.toISOString(),
    };
    return await keep(prisma, { place, read, person, state: arrival.state });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    await noteProblem(prisma, accountId, error);
    return { outcome: 'refused', why: error.kind };
  }
}

interface Kept {
  readonly place: SsoPlace;
  readonly read: ReadAssertion;
  readonly person: AnsweredPerson;
  readonly state: string | undefined;
}

/** The assertion is used, and its person waits, in one transaction. */
const keep = (prisma: PrismaClient, { place, read, person, state }: Kept): Promise<SamlReceipt> =>
  atomically(prisma, async () => {
    const { accountId, provider } = place;
    const isFirst = await inAccount(prisma, accountId, async (transaction) => {
      await transaction.samlAssertion.deleteMany({ where: { accountId, expiresAt: { lte: new Date() } } });
      const used = { accountId, idHash: attemptHash(read.id), expiresAt: new Date(read.endsMs) };
      const { count } = await transaction.samlAssertion.createMany({ data: [used], skipDuplicates: true });
      return count > 0;
    });
    if (!isFirst) throw refusedAs('saml_replayed');
    const attempt = state === undefined ? newAttempt() : { state, browserSecret: undefined };
    if (attempt.browserSecret !== undefined) {
      const isMade = await makeAttempt(prisma, { ...attempt, providerId: provider.id, userId: undefined });
      if (!isMade) return { outcome: 'refused', why: 'too_many' };
    }
    const [row] = await prisma.$queryRaw<{ kept: boolean }[]>`
      SELECT sso_attempt_answer(${attemptHash(attempt.state)}, ${provider.id}, ${JSON.stringify(person)}::jsonb) AS kept`;
    // Of two answers to one request the first one counts.
    if (row?.kept !== true) throw refusedAs('saml_replayed');
    const { browserSecret } = attempt;
    return {
      outcome: 'received',
      state: attempt.state,
      ...(browserSecret === undefined ? {} : { browserSecret }),
    };
  });
