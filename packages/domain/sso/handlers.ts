import { type DomainContext, type DomainHandlers, prepared } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import type { Caller } from '../tenancy/caller.ts';
import { organisationOf } from '../tenancy/organisation.ts';
import type { OrganisationRecord, RoleRef } from '../tenancy/ports.ts';
import { isRoleTooWide, operationOf } from '../tenancy/scopes.ts';
import { heldRoleOf } from '../tenancy/team.ts';
import { proofRecord } from './address-domain.ts';
import { DOMAIN_COUNT_MAX, sso } from './definition.ts';
import type { ProviderRecord, ProviderSettings, SsoPorts } from './ports.ts';
import { identityOf, verifiedBy } from './saml-given.ts';
import { SCIM_PATH, said, saidOfKey, toAnswer, toDomain, toToken, triedBy } from './sso-answer.ts';

type Sso = typeof sso;
type Context = Pick<DomainContext<Sso, 'sso', 'get'>, 'entity' | 'actor' | 'error' | 'nowMs' | 'baseUrl'>;

interface Asked {
  readonly found: OrganisationRecord;
  readonly caller: Caller;
}

/** The organisation, for one who may do this at its top account: a role further down is none there. */
async function organisationFor(
  context: Context,
  [group, operation]: readonly [keyof Sso['resources'] & string, string],
  { tenancy }: Pick<SsoPorts, 'tenancy'>,
): Promise<Asked> {
  const asked = await organisationOf(context, tenancy);
  if (!asked.caller.may(operationOf(sso, group, operation)))
    throw context.error('auth.scope', 'This needs a role at the top account of the organisation.');
  return asked;
}

/** Nobody has a provider give what they could not give themselves, nor a role that is not there (ACC-3). */
async function refuseRoles(
  context: Context,
  {
    roles,
    accountId,
    caller,
  }: { readonly roles: readonly RoleRef[]; readonly accountId: string; readonly caller: Caller },
  { tenancy }: Pick<SsoPorts, 'tenancy'>,
): Promise<void> {
  for (const role of new Set(roles)) {
    const held = await heldRoleOf(accountId, role, tenancy);
    if (held === undefined)
      throw context.error('resource.unknown', `The organisation has not defined a role ${role}.`);
    if (isRoleTooWide(held, caller.maker, tenancy.catalogue))
      throw context.error('auth.scope', `The role ${role} may do what you may not do yourself.`);
  }
}

const rolesOf = (request: {
  readonly newcomerRole?: string | undefined;
  readonly groupRoles: readonly { readonly group: string; readonly role: string }[];
}): Pick<ProviderSettings, 'newcomerRole' | 'groupRoles'> => ({
  newcomerRole: request.newcomerRole as RoleRef | undefined,
  groupRoles: request.groupRoles as ProviderSettings['groupRoles'],
});

/** What whoever has a token of SCIM gives, by naming people and groups; and it takes every role but the last owner's away. */
async function rolesByScim(
  accountId: string,
  { providers }: Pick<SsoPorts, 'providers'>,
): Promise<readonly RoleRef[]> {
  const { newcomerRole, groupRoles = [] } = (await providers.find({ accountId })) ?? {};
  const given = groupRoles.map(({ role }) => role);
  return ['admin', ...given, ...(newcomerRole === undefined ? [] : [newcomerRole])];
}

interface Put extends Asked {
  readonly settings: ProviderSettings;
  readonly before: ProviderRecord | undefined;
  readonly clientSecret?: string | undefined;
  readonly isNew: boolean;
  readonly isOther: boolean;
}

async function put(
  context: Context & Pick<DomainContext<Sso, 'sso', 'get'>, 'audit' | 'emit'>,
  { found, caller, settings, before, ...change }: Put,
  ports: SsoPorts,
) {
  const { accountId } = found;
  const { clientSecret } = change;
  const roles = settings.groupRoles.map(({ role }) => role);
  const given = settings.newcomerRole === undefined ? roles : [...roles, settings.newcomerRole];
  await refuseRoles(context, { roles: given, accountId, caller }, ports);
  const after = await ports.providers.put({ accountId, settings, ...change });
  context.audit({
    accountId,
    target: after.id,
    // A secret that is set anew is a change that nothing else shows.
    ...(before === undefined ? {} : { before: said(before) }),
    after: { ...said(after), ...(clientSecret === undefined ? {} : { clientSecret: 'set' }) },
  });
  await context.emit('connection.changed', { kind: settings.kind }, accountId);
  return await toAnswer(context, found, ports);
}

const taken = (domain: string) => `${domain} was proved by another organisation.`;

/** Texts of others at the name of the record, for whoever looks for a slip of the pen. */
const FOUND_COUNT_MAX = 5;
const FOUND_CHARACTERS_MAX = 200;

export const handlers: DomainHandlers<Sso, SsoPorts> = {
  sso: {
    async get(context, _request, ports) {
      const { found } = await organisationFor(context, ['sso', 'get'], ports);
      return await toAnswer(context, found, ports);
    },

    async set(context, { clientSecret, ...request }, ports) {
      const asked = await organisationFor(context, ['sso', 'set'], ports);
      const refused = ports.addresses.refusalOf(request.issuer);
      if (refused !== undefined) throw context.error('sso.issuer_refused', `/issuer: ${refused}.`);
      const settings = { kind: 'oidc', ...request, ...rolesOf(request) } as const;
      const before = await ports.providers.find({ accountId: asked.found.accountId });
      const isSame = before?.kind === 'oidc' && before.clientId === request.clientId;
      const isNew = !isSame || before.issuer !== request.issuer;
      if (isNew && clientSecret === undefined)
        throw context.error('sso.secret_missing', '/clientSecret: it is missing.');
      const isOther = isNew || clientSecret !== undefined;
      return await put(context, { ...asked, settings, before, clientSecret, isNew, isOther }, ports);
    },

    setSaml: prepared(async (context, request, ports) => {
      const asked = await organisationFor(context, ['sso', 'setSaml'], ports);
      const identity = await identityOf(context, request, ports);
      return async () => {
        const { attributes, acceptsUnasked, signsRequests, metadataUrl } = request;
        const given = { attributes, acceptsUnasked, signsRequests, metadataUrl };
        const { accountId } = asked.found;
        if (signsRequests && (await ports.samlKeys.list({ accountId })).length === 0)
          throw context.error('sso.saml_key_missing', '/signsRequests: there is no key pair yet.');
        const settings = { kind: 'saml', ...identity, ...given, ...rolesOf(request) } as const;
        const before = await ports.providers.find({ accountId });
        const isNew = before?.kind !== 'saml' || before.issuer !== settings.issuer;
        const isOther =
          isNew ||
          verifiedBy(before) !== verifiedBy(settings) ||
          before.signsRequests !== settings.signsRequests;
        return await put(context, { ...asked, settings, before, isNew, isOther }, ports);
      };
    }),

    async update(context, { isRequired: wanted, emergencyUserIds: named }, ports) {
      const { found } = await organisationFor(context, ['sso', 'update'], ports);
      const { accountId } = found;
      const before = await ports.providers.find({ accountId });
      if (before === undefined) throw noProvider(context);
      const { isRequired = before.isRequired, emergencyUserIds = before.emergencyUserIds } = {
        isRequired: wanted,
        emergencyUserIds: named === undefined ? undefined : [...new Set(named)],
      };
      for (const userId of named ?? []) {
        const member = await ports.tenancy.team.find({ accountId, userId });
        if (member?.role !== 'owner' || member.state !== 'active')
          throw context.error('sso.not_an_owner', `/emergencyUserIds: ${userId} owns no top account here.`);
      }
      // So nobody locks the organisation out, themselves first: what was never seen to work is not all there is.
      const isTurnedOn = isRequired && !before.isRequired;
      if (isTurnedOn && (await triedBy(context.actor, { accountId, record: before }, ports)) === undefined)
        throw context.error('sso.not_tried', 'You have not signed in by this provider as it is set now.');
      const endedSessionCount = await ports.providers.update({ accountId, isRequired, emergencyUserIds });
      const after = { ...before, isRequired, emergencyUserIds };
      context.audit({ accountId, target: before.id, before: said(before), after: said(after) });
      if (isChanged(said(before), said(after)))
        await context.emit('connection.changed', { kind: before.kind }, accountId);
      return { ...(await toAnswer(context, found, ports)), endedSessionCount };
    },

    async remove(context, _request, ports) {
      const { found } = await organisationFor(context, ['sso', 'remove'], ports);
      const { accountId } = found;
      const before = await ports.providers.find({ accountId });
      if (before === undefined) throw noProvider(context);
      const endedSessionCount = await ports.providers.remove({ accountId });
      context.audit({ accountId, target: before.id, before: said(before) });
      await context.emit('connection.removed', { kind: before.kind }, accountId);
      return { accountId, endedSessionCount };
    },

    rotateSamlKey: prepared(async (context, { overlapSeconds }, ports) => {
      const { found } = await organisationFor(context, ['sso', 'rotateSamlKey'], ports);
      const { accountId } = found;
      const key = await ports.samlKeys.make();
      return async () => {
        const replacedEndsAt = new Date(context.nowMs() + overlapSeconds * 1_000);
        const [replaced] = await ports.samlKeys.list({ accountId });
        const made = await ports.samlKeys.put({ accountId, key, replacedEndsAt });
        if (made === 'two')
          throw context.error('sso.saml_key_replaced', 'Two keys are in use: end the older one first.');
        context.audit({
          accountId,
          target: made.id,
          ...(replaced === undefined ? {} : { before: saidOfKey(replaced) }),
          after: {
            ...saidOfKey(made),
            ...(replaced === undefined ? {} : { replacedEndsAt: replacedEndsAt.toISOString() }),
          },
        });
        await context.emit('saml-key.rotated', { samlKeyId: made.id }, accountId);
        return await toAnswer(context, found, ports);
      };
    }),

    async endReplacedSamlKey(context, _request, ports) {
      const { found } = await organisationFor(context, ['sso', 'endReplacedSamlKey'], ports);
      const { accountId } = found;
      const ended = await ports.samlKeys.endReplaced({ accountId });
      if (ended === undefined)
        throw context.error('resource.unknown', 'No key of the organisation was replaced.');
      context.audit({ accountId, target: ended.id, before: saidOfKey(ended) });
      await context.emit('saml-key.ended', { samlKeyId: ended.id }, accountId);
      return await toAnswer(context, found, ports);
    },

    async rotateScimToken(context, _request, ports) {
      const { found, caller } = await organisationFor(context, ['sso', 'rotateScimToken'], ports);
      const { accountId } = found;
      await refuseRoles(context, { roles: await rolesByScim(accountId, ports), accountId, caller }, ports);
      const before = await ports.scimTokens.find({ accountId });
      const secret = await ports.scimTokens.make({ accountId });
      context.audit({
        accountId,
        target: accountId,
        ...(before === undefined ? {} : { before: toToken(before) }),
        after: { scimToken: 'made' },
      });
      await context.emit('scim-token.rotated', {}, accountId);
      return { baseUrl: ports.urlOf(SCIM_PATH, context.baseUrl), secret };
    },

    async removeScimToken(context, _request, ports) {
      const { found } = await organisationFor(context, ['sso', 'removeScimToken'], ports);
      const { accountId } = found;
      const before = await ports.scimTokens.find({ accountId });
      const isRemoved = await ports.scimTokens.remove({ accountId });
      if (!isRemoved || before === undefined)
        throw context.error('resource.unknown', 'The organisation has no token of SCIM.');
      context.audit({ accountId, target: accountId, before: toToken(before) });
      await context.emit('scim-token.removed', {}, accountId);
      return { accountId };
    },

    test: prepared(async (context, _request, ports) => {
      const { found } = await organisationFor(context, ['sso', 'test'], ports);
      const { accountId } = found;
      const record = await ports.providers.find({ accountId });
      if (record === undefined) throw noProvider(context);
      const probe = await ports.discovery.probe({ accountId });
      return async () => {
        context.audit({ accountId, target: record.id, after: { isUsable: probe.isUsable } });
        return { ...probe };
      };
    }),
  },

  ssoDomains: {
    async list(context, request, ports) {
      const { found } = await organisationFor(context, ['ssoDomains', 'list'], ports);
      const { items, nextCursor } = await ports.domains.list({ accountId: found.accountId, ...request });
      return { items: items.map(toDomain), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async add(context, { domain }, ports) {
      const { found } = await organisationFor(context, ['ssoDomains', 'add'], ports);
      const { accountId } = found;
      const added = await ports.domains.add({ accountId, domain, countMax: DOMAIN_COUNT_MAX });
      if (added === 'taken') throw context.error('sso.domain_taken', taken(domain));
      if (added === 'too_many')
        throw context.error('sso.too_many_domains', `At most ${DOMAIN_COUNT_MAX} are kept.`);
      context.audit({ accountId, target: added.id, after: { domain } });
      await context.emit('domain.added', { domain }, accountId);
      return toDomain(added);
    },

    verify: prepared(async (context, { domainId }, ports) => {
      const { found } = await organisationFor(context, ['ssoDomains', 'verify'], ports);
      const { accountId } = found;
      const before = await ports.domains.find({ accountId, domainId });
      if (before === undefined)
        throw context.error('resource.unknown', `There is no domain ${domainId} here.`);
      const wanted = proofRecord(before);
      const texts = await ports.records.find(wanted.name, context.signal);
      const isThere = texts.some((text) => text.trim() === wanted.value);
      return async () => {
        if (!isThere) {
          context.audit({ accountId, target: domainId, after: { domain: before.domain, isFound: false } });
          const shown = texts.slice(0, FOUND_COUNT_MAX).map((text) => text.slice(0, FOUND_CHARACTERS_MAX));
          return { ...toDomain(before), found: shown };
        }
        const after = await ports.domains.prove({ accountId, domainId });
        if (after === undefined)
          throw context.error('resource.unknown', `There is no domain ${domainId} here.`);
        if (after === 'taken') throw context.error('sso.domain_taken', taken(before.domain));
        context.audit({ accountId, target: domainId, after: { domain: after.domain, isFound: true } });
        if (before.provedAt === undefined)
          await context.emit('domain.proved', { domain: after.domain }, accountId);
        return toDomain(after);
      };
    }),

    async remove(context, { domainId }, ports) {
      const { found } = await organisationFor(context, ['ssoDomains', 'remove'], ports);
      const { accountId } = found;
      const before = await ports.domains.find({ accountId, domainId });
      const isRemoved = before !== undefined && (await ports.domains.remove({ accountId, domainId }));
      if (!isRemoved) throw context.error('resource.unknown', `There is no domain ${domainId} here.`);
      context.audit({ accountId, target: domainId, before: { domain: before.domain } });
      await context.emit('domain.removed', { domain: before.domain }, accountId);
      return { id: domainId, domain: before.domain };
    },
  },
};

const noProvider = ({ error }: Pick<Context, 'error'>) =>
  error('resource.unknown', 'The organisation has no provider.');
