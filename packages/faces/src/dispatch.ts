import { domainHandlerLoaders } from '@patchbay/domain/handlers.generated';
import { roleAllows, scopesAllow } from '@patchbay/domain/tenancy/access';
import type { AuditedChange, Entity } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { serviceHandlerLoaders } from '@patchbay/services/handlers.generated';
import { derivedHandlers } from './derived.ts';
import { errorDefinitionOf, type MountedOperation } from './mounted.ts';
import type { Platform, Principal, Reach } from './platform.ts';

export interface Call {
  readonly mounted: MountedOperation;
  readonly principal: Principal;
  /** Absent where the operation is mounted at the platform. */
  readonly accountId: string | undefined;
  readonly request: unknown;
  readonly requestId: string;
  readonly address?: string | undefined;
  readonly signal: AbortSignal;
  /** Where rate-limit headers go. */
  readonly responseHeaders: Headers;
}

/** The one path of every request, be it from the dashboard, REST or an SDK. The caller authenticated first (POL-4). */
export async function dispatch(platform: Platform, call: Call): Promise<Record<string, unknown>> {
  const entity = await resolve(platform, call);
  await limit(platform, call);
  const changes: AuditedChange[] = [];
  const context = await contextOf(platform, call, { entity, changes });
  const handler = await loadHandler(platform, call.mounted);
  if (call.mounted.operation.method === 'GET') return await handler(context, call.request);
  // No change without its entry, and no entry without its change (ACC-8).
  return await platform.atomically(async () => {
    const response = await handler(context, call.request);
    await audit(platform, call, { entity, changes });
    return response;
  });
}

/** Entity chain, state of the chain, then role or scope, in the order of POL-4. */
async function resolve(platform: Platform, call: Call): Promise<Entity | undefined> {
  const { mounted, principal, accountId } = call;
  if (accountId === undefined) return undefined;
  const reach = await platform.reach(principal, accountId);
  if (reach === undefined) throw platformError('resource.unknown', `There is no account ${accountId} here.`);
  const target = reach.chain.at(-1);
  // Whoever may only act from above is, to the account itself and to strangers alike, somebody without the right.
  const grants = reach.grants.filter(
    (grant) => mounted.operation.authority !== 'ancestor' || grant.accountId !== target?.id,
  );
  refuseSuspended(reach, call);
  refuseWithoutAccess({ ...reach, grants }, call);
  return { accountId, chain: reach.chain.map(({ id }) => id) };
}

/**
 * Reading stays possible, and so does what an account above changes: somebody has to be able to make it active again.
 * Its services serve nobody, whoever asks for them.
 */
function refuseSuspended({ chain, grants }: Reach, { mounted: { owner, operation } }: Call): void {
  if (operation.method === 'GET') return;
  const level = chain.find(({ state }) => state !== 'active');
  if (level === undefined) return;
  const depthOf = (id: string) => chain.findIndex((account) => account.id === id);
  const isUse = owner.kind === 'service' && !owner.isDerived;
  if (!isUse && grants.some(({ accountId }) => depthOf(accountId) < depthOf(level.id))) return;
  const refused = platformError('account.suspended', `Account ${level.id} is ${level.state}.`);
  throw new ServiceError({ ...refused.fields, rule: 'account.state', level: level.id });
}

function refuseWithoutAccess({ grants }: Reach, { mounted, principal }: Call): void {
  const { operation, scopeName, name } = mounted;
  const isRead = operation.method === 'GET';
  if (
    grants.some(({ role }) => roleAllows(role, operation.access)) &&
    isInScope(principal, { mounted, isRead })
  )
    return;
  const detail =
    operation.authority === 'ancestor' && grants.length === 0
      ? 'Only an account above this one may do this.'
      : `This needs the scope ${scopeName}:${name}, or a role that may ${operation.access}.`;
  throw platformError('auth.scope', detail);
}

function isInScope(
  { scopes }: Principal,
  { mounted, isRead }: { mounted: MountedOperation; isRead: boolean },
): boolean {
  if (scopes === undefined) return true;
  return scopesAllow(scopes, { owner: mounted.scopeName, operation: mounted.name, isRead });
}

async function limit(
  platform: Platform,
  { mounted, principal, address, responseHeaders }: Call,
): Promise<void> {
  const rate = await platform.rateLimit(principal, `${mounted.scopeName}:${mounted.name}`, address);
  responseHeaders.set('ratelimit-limit', String(rate.limit));
  responseHeaders.set('ratelimit-remaining', String(rate.remaining));
  responseHeaders.set('ratelimit-reset', String(Math.ceil(rate.resetMs / 1000)));
  if (!rate.isExceeded) return;
  const refused = platformError('limit.exceeded', `At most ${rate.limit} requests a minute.`);
  throw new ServiceError({
    ...refused.fields,
    rule: 'requests',
    level: 'platform',
    retryAfterMs: rate.resetMs,
  });
}

interface Scope {
  readonly entity: Entity | undefined;
  readonly changes: AuditedChange[];
}

async function contextOf(platform: Platform, call: Call, { entity, changes }: Scope) {
  const { owner } = call.mounted;
  const { definition } = owner;
  const config =
    owner.kind === 'service' && entity !== undefined
      ? owner.definition.config.parse(await platform.configOf(entity, definition.name))
      : undefined;
  return {
    entity,
    config,
    actor: call.principal.actor,
    requestId: call.requestId,
    signal: call.signal,
    nowMs: () => platform.nowMs(),
    audit: (change: AuditedChange) => changes.push(change),
    meter: (meter: string, quantity: number, dimensions: Readonly<Record<string, string>>) => {
      if (entity)
        platform.recordUsage(entity, { meter: `${definition.name}.${meter}`, quantity, dimensions });
    },
    emit: async (event: string, payload: unknown) => {
      if (entity) await platform.emit(entity.accountId, `${definition.name}.${event}`, payload);
    },
    error: (code: string, publicDetail: string) =>
      new ServiceError({ ...errorDefinitionOf(owner, code), code, publicDetail }),
  };
}

/** Exactly one entry for each change (ACC-8). A handler that says nothing more leaves the account as its target. */
async function audit(platform: Platform, call: Call, { entity, changes }: Scope): Promise<void> {
  const { mounted, principal, requestId, address } = call;
  const [change] = changes;
  const accountId = change?.accountId ?? entity?.accountId;
  if (accountId === undefined) return;
  await platform.audit({
    target: accountId,
    ...change,
    accountId,
    action: `${mounted.scopeName}.${mounted.name}`,
    actor: principal.actor,
    actorName: principal.name,
    requestId,
    ...(address === undefined ? {} : { address }),
  });
}

type Handler = (context: unknown, request: unknown) => Promise<Record<string, unknown>>;
type AnyHandler = (context: unknown, request: unknown, ports: unknown) => Promise<Record<string, unknown>>;

/** The one cast of this file: the compiler held each handler against its definition where it was written. */
async function loadHandler(platform: Platform, { owner, group, name }: MountedOperation): Promise<Handler> {
  if (owner.kind === 'service') {
    if (owner.isDerived) return derivedHandlers(platform, owner.definition)[name] as Handler;
    const { handlers } = await serviceHandlerLoaders[owner.key]();
    const handler = (handlers as unknown as Readonly<Record<string, AnyHandler>>)[name] as AnyHandler;
    return (context, request) => handler(context, request, platform.servicePorts[owner.key]);
  }
  const { handlers } = await domainHandlerLoaders[owner.key]();
  const resources = handlers as unknown as Readonly<Record<string, Readonly<Record<string, AnyHandler>>>>;
  const handler = resources[group]?.[name] as AnyHandler;
  return (context, request) => handler(context, request, platform.domainPorts[owner.key]);
}
