import { type Known, nothingKnown } from '@patchbay/domain/decisions/known';
import { ownerOfRefused } from '@patchbay/domain/decisions/refused-request';
import { policyValuesOf, settingsOf } from '@patchbay/domain/decisions/settings';
import type { ServiceError } from '@patchbay/kit/errors';
import { callerIdOf } from './idempotency.ts';
import type { MountedOperation } from './mounted.ts';
import type { Platform, Principal, Reach } from './platform.ts';

export interface RefusedCall {
  readonly mounted: MountedOperation;
  readonly principal: Principal;
  readonly requestId: string;
  /** As it came: what was refused may not even be of the right form. */
  readonly input: unknown;
  /** The rate limit as the caller was told it. */
  readonly responseHeaders: Headers;
  readonly error: ServiceError;
}

/**
 * Keeps a refusal with what was known when it was made (PRD-8). What cannot be found out now is left out: the refusal is
 * the answer, and nothing that is noted about it may become another.
 */
export async function noteRefused(platform: Platform, call: RefusedCall): Promise<void> {
  const { mounted, principal, requestId, input, error } = call;
  const { accountId: asked } = (input ?? {}) as { readonly accountId?: unknown };
  const askedAccountId = typeof asked === 'string' ? asked.slice(0, 64) : undefined;
  const reach = await reachOf(platform, call, askedAccountId);
  const accountId = ownerOfRefused(principal.actor, {
    chain: reach?.chain.map(({ id }) => id) ?? [],
    grantedIds: reach?.grants.map((grant) => grant.accountId) ?? [],
  });
  if (accountId === undefined) return;
  const { code, status, publicDetail, rule, level } = error.fields;
  platform.noteRefused({
    requestId,
    atMs: platform.nowMs(),
    accountId,
    actorId: callerIdOf(principal),
    actorName: principal.name,
    operation: `${mounted.scopeName}.${mounted.name}`,
    askedAccountId,
    code,
    status,
    detail: publicDetail,
    rule,
    level,
    known: {
      ...nothingKnown,
      chain: reach?.chain.map(({ id, state }) => ({ accountId: id, state })) ?? [],
      scopes: [...(principal.scopes ?? [])],
      limits: rateLimitTold(call),
      policy: reach === undefined ? [] : await policyOf(platform, call, reach),
    },
  });
}

const neverDecided: readonly string[] = ['request.invalid', 'request.too_many'];

/** A request that was not of the right form was never decided: nobody is asked about it, or garbage would cost queries. */
async function reachOf(
  platform: Platform,
  { principal, error }: RefusedCall,
  accountId: string | undefined,
): Promise<Reach | undefined> {
  if (accountId === undefined || neverDecided.includes(error.fields.code)) return undefined;
  return await platform.reach(principal, accountId).catch(() => undefined);
}

function rateLimitTold({ responseHeaders }: RefusedCall): Known['limits'] {
  const [max, remaining] = ['ratelimit-limit', 'ratelimit-remaining'].map((name) =>
    responseHeaders.get(name),
  );
  if (max == null || remaining == null) return [];
  return [{ name: 'requests', max: Number(max), used: Number(max) - Number(remaining) }];
}

/** What was set for the service that was asked for. Who comes too often learns nothing new from it. */
async function policyOf(
  platform: Platform,
  { mounted: { owner }, principal, input, error }: RefusedCall,
  { chain, grants }: Reach,
): Promise<Known['policy']> {
  const accountId = chain.at(-1)?.id;
  if (owner.kind !== 'service' || accountId === undefined || error.fields.status === 429) return [];
  const ids = chain.map(({ id }) => id);
  const { applicationId, instanceType } = input as Readonly<Record<string, unknown>>;
  const entity = {
    accountId,
    chain: ids,
    ...(typeof applicationId === 'string' ? { applicationId } : {}),
    ...(typeof instanceType === 'string' ? { instanceType } : {}),
  };
  const top = ids.findIndex((id) => grants.some((grant) => grant.accountId === id));
  const [stored, levels] = await Promise.all([
    platform.configChain(entity).catch(() => []),
    platform.policyChain(entity, principal).catch(() => []),
  ]);
  return [
    ...settingsOf(owner.definition, entity, stored),
    ...policyValuesOf(levels, top < 0 ? [] : ids.slice(top)),
  ];
}
