import type { DomainHandlers } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { accountInactive } from './account-closed.ts';
import { callerAlong } from './caller.ts';
import type { tenancy } from './definition.ts';
import type { AccountRecord, KeyRecord, TenancyPorts } from './ports.ts';
import { refuseUnknownScopes, scopesTooWide } from './scopes.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

/** How long an old key goes on beside the one that takes its place (ACC-4). */
const OVERLAP_MS_MAX = 30 * 86_400_000;
const OVERLAP_DEFAULT_MS = 86_400_000;

type Wanted = Pick<KeyRecord, 'scopes'> & { readonly mode?: KeyRecord['mode'] | undefined };

/** Nobody makes a key that may do more than they, nor one in an account that is stopped. */
async function refuseWider(
  context: Parameters<Handlers['keys']['create' | 'rotate']>[0],
  { scopes, mode }: Wanted,
  ports: TenancyPorts,
): Promise<AccountRecord> {
  const { accountId, chain } = context.entity;
  const { actor } = context;
  const account = await ports.accounts.find({ accountId });
  if (account === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
  if (account.effectiveState !== 'active') {
    throw accountInactive(account.effectiveState);
  }
  const { maker, isOwner } = await callerAlong(chain, actor, ports);
  // A key with it makes owners, which a role that an account defined does not, whatever it may do.
  if (scopes.includes('*') && !isOwner)
    throw context.error('tenancy.scope_too_wide', 'Only an owner makes a key that may do everything.');
  refuseUnknownScopes(scopes, ports.catalogue);
  const tooWide = scopesTooWide(scopes, maker, ports.catalogue);
  if (tooWide.length > 0) {
    throw context.error('tenancy.scope_too_wide', `You do not have ${tooWide.join(', ')} yourself.`);
  }
  // C11: what a test key makes never touches live data.
  if (account.isTest && mode === 'live') {
    throw context.error('tenancy.scope_too_wide', 'A test account has test keys only.');
  }
  return account;
}

/**
 * A key that leaked takes none away that may do more than it: whoever found it would stop what it could never make (ACC-4). A
 * person by whose role keys are managed ends every one, for somebody has to be able to when one of them leaks.
 */
async function refuseStronger(
  context: Parameters<Handlers['keys']['update' | 'revoke']>[0],
  { id, scopes }: KeyRecord,
  ports: TenancyPorts,
): Promise<void> {
  const { actor, entity } = context;
  if (actor.kind !== 'key') return;
  const { maker, isOwner } = await callerAlong(entity.chain, actor, ports);
  const missing = scopes.includes('*') && !isOwner ? ['*'] : scopesTooWide(scopes, maker, ports.catalogue);
  if (missing.length > 0)
    throw context.error('tenancy.key_stronger', `${id} has ${missing.join(', ')}, which this key has not.`);
}

function toAnswer({ scopes, createdAt, expiresAt, lastUsedAt, revokedAt, replacedBy, ...rest }: KeyRecord) {
  return {
    ...rest,
    scopes: [...scopes],
    createdAt: createdAt.toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: lastUsedAt.toISOString() }),
    ...(revokedAt === undefined ? {} : { revokedAt: revokedAt.toISOString() }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
  };
}

const unknownKey = (keyId: string) => `This account has no key ${keyId}.`;

export const keys: Handlers['keys'] = {
  async list(context, request, ports) {
    const { items, nextCursor } = await ports.keys.list({ accountId: context.entity.accountId, ...request });
    return { items: items.map(toAnswer), ...(nextCursor === undefined ? {} : { nextCursor }) };
  },

  async get(context, { keyId }, ports) {
    const found = await ports.keys.find({ accountId: context.entity.accountId, keyId });
    if (found === undefined) throw context.error('resource.unknown', unknownKey(keyId));
    return toAnswer(found);
  },

  async update(context, { keyId, name }, ports) {
    const { accountId } = context.entity;
    const before = await ports.keys.find({ accountId, keyId });
    if (before !== undefined) await refuseStronger(context, before, ports);
    const after = before && (await ports.keys.rename({ accountId, keyId, name }));
    if (after === undefined) throw context.error('resource.unknown', unknownKey(keyId));
    const [was, answer] = [toAnswer(before ?? after), toAnswer(after)];
    context.audit({ target: keyId, before: was, after: answer });
    if (was.name !== answer.name) await context.emit('key.changed', { keyId });
    return answer;
  },

  async create(context, request, ports) {
    const { actor } = context;
    const asked = await refuseWider(context, request, ports);
    const { expiresAt, mode = asked.isTest ? 'test' : 'live', ...wanted } = request;
    if (expiresAt !== undefined && Date.parse(expiresAt) <= context.nowMs())
      throw platformError('request.invalid', `/expiresAt: ${expiresAt} is over.`);
    // What a test key is about is never the live account: it belongs to the twin (PRD-1).
    const accountId = mode === 'test' ? await ports.accounts.testTwin({ accountId: asked.id }) : asked.id;
    const { key, secret } = await ports.keys.create({
      ...wanted,
      mode,
      accountId,
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
      createdBy: actorId(actor),
    });
    const answer = toAnswer(key);
    context.audit({ target: key.id, after: answer });
    const testId = accountId === asked.id ? undefined : accountId;
    // It concerns both: who made it stands in the log of either.
    if (testId !== undefined) context.audit({ accountId: testId, target: key.id, after: answer });
    // Its twin came to be with the key.
    if (testId !== undefined && asked.testAccountId === undefined)
      await context.emit('account.changed', { accountId: asked.id });
    await context.emit('key.created', { keyId: key.id }, testId);
    return { ...answer, secret };
  },

  async rotate(context, { keyId, endsAt }, ports) {
    const { accountId } = context.entity;
    const nowMs = context.nowMs();
    const endsMs = endsAt === undefined ? nowMs + OVERLAP_DEFAULT_MS : Date.parse(endsAt);
    if (endsMs < nowMs || endsMs > nowMs + OVERLAP_MS_MAX) {
      throw context.error('tenancy.overlap_too_long', `${endsAt} is not within 30 days from now.`);
    }
    const before = await ports.keys.find({ accountId, keyId });
    if (before === undefined) throw context.error('resource.unknown', unknownKey(keyId));
    await refuseWider(context, before, ports);
    const rotated = await ports.keys.rotate({
      accountId,
      keyId,
      endsAt: new Date(endsMs),
      createdBy: actorId(context.actor),
    });
    if (rotated === undefined) {
      throw context.error('tenancy.key_over', `${keyId} is revoked, over, or was rotated already.`);
    }
    const { secret } = rotated;
    const [key, replaced] = [toAnswer(rotated.key), toAnswer(rotated.replaced)];
    context.audit({ target: keyId, before: toAnswer(before), after: replaced });
    await context.emit('key.rotated', { keyId, replacedBy: key.id });
    return { ...key, secret, replaced };
  },

  async revoke(context, { keyId }, ports) {
    const { accountId } = context.entity;
    const before = await ports.keys.find({ accountId, keyId });
    if (before !== undefined) await refuseStronger(context, before, ports);
    const after = before && (await ports.keys.revoke({ accountId, keyId }));
    if (after === undefined) throw context.error('resource.unknown', unknownKey(keyId));
    const answer = toAnswer(after);
    context.audit({ target: keyId, before: toAnswer(before ?? after), after: answer });
    if (before?.revokedAt === undefined) await context.emit('key.revoked', { keyId });
    return answer;
  },
};

export const credentials: Handlers['credentials'] = {
  // Unlike a key, a credential is no more than what was shown here: whoever has seen it may stop it, whichever key minted it.
  async revoke(context, { username }, ports) {
    const { accountId } = context.entity;
    const credential = ports.credentials.read(username);
    const outcome =
      credential === undefined ? 'unknown' : await ports.credentials.revoke({ accountId, ...credential });
    if (credential === undefined || outcome === 'unknown') {
      throw context.error('tenancy.credential_refused', 'No key of this account minted such a credential.');
    }
    const { prefixId, keyId } = credential;
    context.audit({
      target: prefixId,
      before: { keyId, state: outcome === 'revoked' ? 'valid' : 'revoked' },
      after: { keyId, state: 'revoked' },
    });
    await context.emit('credential.revoked', { prefixId });
    return { prefixId };
  },
};

function actorId(actor: Parameters<Handlers['keys']['create']>[0]['actor']): string {
  if (actor.kind === 'user') return actor.userId;
  return actor.kind === 'key' ? actor.keyId : actor.kind;
}
