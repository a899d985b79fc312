/** What is told of a provider and its domains: by the API, and in the log of changes. */
import type { DomainContext } from '@patchbay/kit/definition';
import type { OrganisationRecord } from '../tenancy/ports.ts';
import { proofRecord } from './address-domain.ts';
import type { sso } from './definition.ts';
import type { DomainRecord, ProviderProblem, ProviderRecord, SamlKeyRecord, SsoPorts } from './ports.ts';

type Context = Pick<DomainContext<typeof sso, 'sso', 'get'>, 'actor' | 'nowMs' | 'baseUrl'>;

/** The pages that begin a sign-in and end it. */
export const ssoPath = (organisationId: string, step: 'start' | 'callback'): string =>
  `/sso/${organisationId}/${step}`;

/** What a provider of SAML knows us by, and where it sends its answers. */
export const samlPath = (organisationId: string, page: 'metadata' | 'acs'): string =>
  `/sso/saml/${organisationId}/${page}`;

/** Where SCIM is served, of whichever organisation the token is. */
export const SCIM_PATH = '/scim/v2';

/** As the audit log shows it. The secret is not in the record. */
export const said = (record: ProviderRecord) => {
  const { problem: _problem, changedAt, groupRoles, emergencyUserIds, ...rest } = record;
  return {
    ...rest,
    ...(rest.kind === 'saml'
      ? { certificates: rest.certificates.map(({ fingerprint }) => fingerprint) }
      : {}),
    groupRoles: [...groupRoles],
    emergencyUserIds: [...emergencyUserIds],
    changedAt: changedAt.toISOString(),
  };
};

/** From then on whoever looks is told that a certificate ends. */
const ENDING_MS = 30 * 24 * 3_600_000;

/** What only providers of its kind have. */
const toKind = (record: ProviderRecord, nowMs: number) => {
  if (record.kind === 'oidc') {
    const { kind, clientId, groupsClaim, trustsEmail } = record;
    return { kind, clientId, groupsClaim, trustsEmail };
  }
  const { kind, signInUrl, certificates, metadataUrl, attributes, acceptsUnasked, signsRequests } = record;
  const isEnding = (endsAt: string) => Date.parse(endsAt) < nowMs + ENDING_MS;
  return {
    kind,
    signInUrl,
    certificates: certificates.map((one) => ({ ...one, isEnding: isEnding(one.endsAt) })),
    ...(metadataUrl === undefined ? {} : { metadataUrl }),
    attributes: { ...attributes },
    acceptsUnasked,
    signsRequests,
  };
};

const toKey = ({ id: _id, createdAt, certificateEndsAt, endsAt, ...key }: SamlKeyRecord) => ({
  ...key,
  createdAt: createdAt.toISOString(),
  certificateEndsAt: certificateEndsAt.toISOString(),
  ...(endsAt === undefined ? {} : { endsAt: endsAt.toISOString() }),
});

/** As the audit log shows a key of ours. */
export const saidOfKey = (key: SamlKeyRecord) => {
  const { certificate: _certificate, ...rest } = toKey(key);
  return rest;
};

export async function toAnswer(
  { actor, nowMs, baseUrl }: Context,
  { id, accountId }: OrganisationRecord,
  ports: Pick<SsoPorts, 'providers' | 'samlKeys' | 'scimTokens' | 'urlOf'>,
) {
  const token = await ports.scimTokens.find({ accountId });
  const record = await ports.providers.find({ accountId });
  const keys = await ports.samlKeys.list({ accountId });
  const urlOf = (path: string) => ports.urlOf(path, baseUrl);
  const urls = {
    accountId,
    redirectUrl: urlOf(ssoPath(id, 'callback')),
    signInUrl: urlOf(ssoPath(id, 'start')),
    saml: {
      entityId: urlOf(samlPath(id, 'metadata')),
      acsUrl: urlOf(samlPath(id, 'acs')),
      metadataUrl: urlOf(samlPath(id, 'metadata')),
      keys: keys.map(toKey),
    },
    scim: { baseUrl: urlOf(SCIM_PATH), ...(token === undefined ? {} : { inUse: toToken(token) }) },
  };
  if (record === undefined) return urls;
  const triedAt = await triedBy(actor, { accountId, record }, ports);
  const { issuer, newcomerRole, groupRoles, isRequired, emergencyUserIds, problem, changedAt } = record;
  return {
    ...urls,
    provider: {
      ...toKind(record, nowMs()),
      issuer,
      isRequired,
      ...(newcomerRole === undefined ? {} : { newcomerRole }),
      groupRoles: groupRoles.map((one) => ({ ...one })),
      emergencyUserIds: [...emergencyUserIds],
      changedAt: changedAt.toISOString(),
      ...(triedAt === undefined ? {} : { triedAt: triedAt.toISOString() }),
      ...(problem === undefined ? {} : { problem: toProblem(problem) }),
    },
  };
}

const toProblem = ({ code, text, at }: ProviderProblem) => ({
  ...(code === undefined ? {} : { code }),
  text,
  at: at.toISOString(),
});

export const toToken = ({
  createdAt,
  lastUsedAt,
}: {
  readonly createdAt: Date;
  readonly lastUsedAt: Date | undefined;
}) => ({
  createdAt: createdAt.toISOString(),
  ...(lastUsedAt === undefined ? {} : { lastUsedAt: lastUsedAt.toISOString() }),
});

/** When whoever asks signed in by the provider, as it is set now. A sign-in by what was there before says nothing of it. */
export async function triedBy(
  actor: Context['actor'],
  { accountId, record }: { readonly accountId: string; readonly record: ProviderRecord },
  { providers }: Pick<SsoPorts, 'providers'>,
): Promise<Date | undefined> {
  if (actor.kind !== 'user') return undefined;
  const { issuer, changedAt } = record;
  const triedAt = await providers.triedAt({ accountId, issuer, userId: actor.userId });
  return triedAt !== undefined && triedAt >= changedAt ? triedAt : undefined;
}

export const toDomain = ({ id, domain, challenge, provedAt, missingSince, createdAt }: DomainRecord) => ({
  id,
  domain,
  record: proofRecord({ domain, challenge }),
  ...(provedAt === undefined ? {} : { provedAt: provedAt.toISOString() }),
  ...(missingSince === undefined ? {} : { missingSince: missingSince.toISOString() }),
  createdAt: createdAt.toISOString(),
});
