import type { EndpointRecord } from '@patchbay/domain/endpoints/ports';
import { domainHandlerLoaders } from '@patchbay/domain/handlers.generated';
import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type { UsedBy } from '@patchbay/domain/metering/use-counter';
import { configLevels } from '@patchbay/domain/policy/config-levels';
import { decide, refusalText } from '@patchbay/domain/policy/decide';
import { configRulesOf, effectiveConfig } from '@patchbay/domain/policy/effective-config';
import { levelText } from '@patchbay/domain/policy/policy-level';
import { servingRegions } from '@patchbay/domain/policy/serving-regions';
import { heldRoleAllows, scopesAllow } from '@patchbay/domain/tenancy/access';
import { accountClosed } from '@patchbay/domain/tenancy/account-closed';
import { speakersOf } from '@patchbay/domain/tenancy/caller';
import {
  type AuditedChange,
  type Entity,
  featureName,
  type OperationHandler,
  type ServiceDefinition,
} from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { serviceHandlerLoaders } from '@patchbay/services/handlers.generated';
import { answerOnce } from './answer-once.ts';
import { derivedHandlers } from './derived.ts';
import type { Repeatable } from './idempotency.ts';
import { withCursorOpened, withCursorSealed } from './list-cursor.ts';
import { errorDefinitionOf, type MountedOperation, mountedOperations } from './mounted.ts';
import type { Platform, Principal, Reach } from './platform.ts';
import { isConditional, readOf, refuseChanged, replacedBy } from './precondition.ts';
import { isBoundByAddress } from './refused-address.ts';
import { limit } from './request-limit.ts';

export interface Call {
  readonly mounted: MountedOperation;
  readonly principal: Principal;
  /** Absent where the operation is mounted at the platform. */
  readonly accountId: string | undefined;
  readonly request: unknown;
  readonly requestId: string;
  readonly address?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly signal: AbortSignal;
  /** Where rate-limit headers go. */
  readonly responseHeaders: Headers;
  readonly repeatable?: Repeatable | undefined;
  readonly ifMatch?: string | undefined;
  /** Told what the request is about, as far as the caller reaches it: refused or not, it is counted for that (MET-6). */
  readonly onSubject: (subject: UsedBy) => void;
}

/** The one path of every request, be it from the dashboard, REST or an SDK. The caller authenticated first (POL-4). */
export async function dispatch(platform: Platform, call: Call): Promise<Response> {
  refuseUnheldCondition(call);
  refuseChangeInView(call);
  // A stranger's few requests are those that were of the right form: whoever mistypes an address loses none.
  const { principal, address, responseHeaders, mounted } = call;
  if (principal.actor.kind === 'stranger')
    await limit(platform, {
      principal,
      address,
      responseHeaders,
      isRead: mounted.operation.method === 'GET',
    });
  const subject = await resolve(platform, call);
  const changes: AuditedChange[] = [];
  const entity = await toEntity(platform, call, subject);
  if (entity !== undefined) call.onSubject(entity);
  const regions = await refuseByPolicy(platform, call, { entity, visibleIds: subject?.visibleIds ?? [] });
  const context = await contextOf(platform, call, { entity, regions, ...subject, changes });
  const handler = await loadHandler(platform, call.mounted);
  const request = withCursorOpened(platform, call);
  if (call.mounted.operation.method === 'GET') {
    const work = await handler(context, request);
    return withCursorSealed(platform, call, await work());
  }
  const answer = answerOnce<Response>(platform, call, async (kept) => {
    const work = await handler(context, request);
    const isMinting = call.mounted.operation.isMinting === true;
    // No change without its entry, no entry without its change, and no change that cannot be answered for (ACC-8).
    return await platform[isMinting ? 'keptAtEnd' : 'atomically'](async () => {
      // Nothing is left of an attempt that lost against others.
      changes.length = 0;
      await refuseReplaced(platform, call, context);
      const response = call.mounted.operation.response.parse(await work()) as Response;
      await audit(platform, call, { entity, heldAt: subject?.heldAt, changes });
      await kept(response);
      return response;
    });
  });
  return await answer.catch((error: unknown) => {
    throw subject?.maySeeCurrent === true ? error : withoutCurrent(error);
  });
}

/** A condition that nobody would look at is refused: its caller believes that it holds. */
function refuseUnheldCondition({ mounted, ifMatch }: Call): void {
  if (ifMatch === undefined || isConditional(mounted)) return;
  throw platformError(
    'request.invalid',
    'If-Match is taken where what was read is set anew as a whole, and nowhere else.',
  );
}

/**
 * Holds a change to what its caller read (RFC 9110 §13.1.1). Whoever replaces the same waits until this is over, without a
 * condition as well: nobody comes between the look and the change.
 */
async function refuseReplaced(platform: Platform, call: Call, context: unknown): Promise<void> {
  const read = replacedBy(call.mounted);
  if (read === undefined) return;
  await platform.inTurn(`${call.mounted.group} of ${call.accountId}`);
  if (call.ifMatch === undefined) return;
  const { shape } = read.operation.request;
  const named = Object.entries(call.request as object).filter(([field]) => Object.hasOwn(shape, field));
  const handler = await loadHandler(platform, read);
  const work = await handler(context, read.operation.request.parse(Object.fromEntries(named)));
  await refuseChanged(call.ifMatch, read.operation.response.parse(await work()) as Response);
}

/** Whoever looks as an account below theirs may end that, and change nothing else (PRD-3): here, for every face alike. */
function refuseChangeInView({ principal: { actor }, mounted: { group, name, operation } }: Call): void {
  if (actor.kind !== 'user' || actor.viewing === undefined || operation.method === 'GET') return;
  if (group === 'views' && name === 'end') return;
  throw platformError('auth.view_read_only', 'You look as this account does, and change nothing.');
}

interface Subject {
  readonly accountId: string;
  readonly chain: readonly string[];
  /** The part of the chain that the caller may see: of what is above, nothing is told. */
  readonly visibleIds: readonly string[];
  /** What the caller holds along it. */
  readonly grants: Reach['grants'];
  /** The nearest account of the chain that the caller holds a role at. */
  readonly heldAt: string | undefined;
  /** Whether the caller may read what they replace. */
  readonly maySeeCurrent: boolean;
}

/** Entity chain, state of the chain, then role or scope, in the order of POL-4. */
async function resolve(platform: Platform, call: Call): Promise<Subject | undefined> {
  const { mounted, principal, accountId } = call;
  if (accountId === undefined) return undefined;
  const reach = await platform.reach(principal, accountId);
  if (reach === undefined) throw platformError('resource.unknown', `There is no account ${accountId} here.`);
  call.onSubject({ accountId });
  const target = reach.chain.at(-1);
  // Whoever may only act from above is, to the account itself and to strangers alike, somebody without the right.
  const grants = reach.grants.filter(
    (grant) => mounted.operation.authority !== 'ancestor' || grant.accountId !== target?.id,
  );
  refuseClosed(reach, call);
  refuseSuspended(reach, call);
  refuseWithoutAccess({ ...reach, grants }, call);
  const chain = reach.chain.map(({ id }) => id);
  const places = reach.grants.map((grant) => chain.indexOf(grant.accountId));
  return {
    accountId,
    chain,
    visibleIds: chain.slice(Math.min(...places)),
    grants,
    heldAt: chain[Math.max(...places)],
    maySeeCurrent: mayRead({ grants }, call),
  };
}

type Named = {
  readonly [Name in 'applicationId' | 'instanceType' | 'endpointId' | 'identity']?: string | undefined;
};

/**
 * The application, instance type and endpoint of a request to a service: those that it names, or the endpoint of whom it is
 * for, and then that one's application. What is not there says so by its name.
 */
async function toEntity(
  platform: Platform,
  { mounted: { owner }, request }: Call,
  subject: Subject | undefined,
): Promise<Entity | undefined> {
  if (subject === undefined) return undefined;
  const account = { accountId: subject.accountId, chain: subject.chain };
  if (owner.kind !== 'service') return account;
  const { applicationId: ofEndpoint, ...endpoint } = await endpointOf(platform, request as Named, account);
  const { applicationId = ofEndpoint, instanceType } = request as Named;
  const ofApplication = await applicationOf(platform, { applicationId, instanceType }, account);
  return { ...account, ...ofApplication, ...endpoint };
}

/** Whoever is named by an identity is an endpoint by this name, whether or not the account has made anything of it. */
async function endpointOf(
  { domainPorts }: Platform,
  { endpointId, identity }: Named,
  { accountId }: Entity,
): Promise<Pick<Entity, 'endpointId' | 'endpoint' | 'applicationId'>> {
  const { endpoints } = domainPorts.endpoints;
  if (endpointId !== undefined) {
    const found = await endpoints.find({ accountId, endpointId, scope: 'own' });
    if (found === undefined || found.restsUntil !== undefined)
      throw platformError('resource.unknown', `This account has no endpoint ${endpointId}.`);
    return namesOf(found);
  }
  if (identity === undefined) return {};
  const identifier = userEndpointId(identity);
  const asked = { accountId, identifier, state: 'active', scope: 'own', limit: 1 } as const;
  const [found] = (await endpoints.list(asked)).items;
  return found === undefined ? { endpoint: identifier } : namesOf(found);
}

const namesOf = ({ id, identifier, applicationId }: EndpointRecord) => ({
  endpointId: id,
  endpoint: identifier,
  ...(applicationId === undefined ? {} : { applicationId }),
});

async function applicationOf(
  { domainPorts }: Platform,
  { applicationId, instanceType }: Named,
  { accountId }: Entity,
): Promise<Pick<Entity, 'applicationId' | 'instanceType'>> {
  if ((applicationId ?? instanceType) === undefined) return {};
  if (applicationId === undefined)
    throw platformError('request.invalid', '/applicationId: an instance type is one of an application.');
  const application = await domainPorts.tenancy.applications.find({ accountId, applicationId });
  if (application === undefined)
    throw platformError('resource.unknown', `This account has no application ${applicationId}.`);
  if (instanceType === undefined) return { applicationId };
  if (!application.instanceTypes.includes(instanceType))
    throw platformError(
      'application.instance_type_unknown',
      `Application ${applicationId} has no instance type ${instanceType}.`,
    );
  return { applicationId, instanceType };
}

/**
 * What is closed is closed for everybody: nothing of it changes but what its definition allows, and its own keys do nothing any
 * more, or one that leaked would read for ever (ACC-2).
 */
function refuseClosed(
  { chain, grants }: Reach,
  { mounted: { operation }, principal: { actor } }: Call,
): void {
  const depth = chain.findIndex(({ state }) => state === 'closed');
  const level = chain[depth];
  if (level === undefined) return;
  const depthOf = (id: string) => chain.findIndex((account) => account.id === id);
  const isOwnKey = actor.kind === 'key' && depthOf(actor.accountId) >= depth;
  const isAllowed = operation.method === 'GET' || (operation.isAllowedAtClosed ?? operation.isTrial) === true;
  if (isAllowed && !isOwnKey) return;
  const isSeen = grants.some(({ accountId }) => depthOf(accountId) <= depth);
  throw accountClosed(`${isSeen ? `Account ${level.id}` : 'An account above'} is closed.`, {
    rule: 'account.state',
    level: isSeen ? level.id : 'account',
  });
}

/**
 * Reading stays possible, and so does what an account above changes: somebody has to be able to make it active again.
 * Its services serve nobody, whoever asks for them.
 */
function refuseSuspended({ chain, grants }: Reach, { mounted: { owner, operation } }: Call): void {
  if (operation.method === 'GET') return;
  const level = chain.find(({ state }) => state === 'suspended');
  if (level === undefined) return;
  const depthOf = (id: string) => chain.findIndex((account) => account.id === id);
  const isUse = owner.kind === 'service' && !owner.isDerived;
  if (!isUse && grants.some(({ accountId }) => depthOf(accountId) < depthOf(level.id))) return;
  const isSeen = grants.some(({ accountId }) => depthOf(accountId) <= depthOf(level.id));
  const refused = platformError(
    'account.suspended',
    `${isSeen ? `Account ${level.id}` : 'An account above'} is suspended.`,
  );
  throw new ServiceError({
    ...refused.fields,
    rule: 'account.state',
    level: isSeen ? level.id : 'account',
  });
}

function mayCall(
  { grants }: Pick<Reach, 'grants'>,
  { mounted, principal }: Pick<Call, 'mounted' | 'principal'>,
): boolean {
  const { operation, scopeName, name } = mounted;
  const isRead = operation.method === 'GET';
  const wanted = { owner: scopeName, operation: name, access: operation.access, isRead };
  return grants.some((held) => heldRoleAllows(held, wanted)) && isInScope(principal, { mounted, isRead });
}

/** Who may write and not read is not told by a refused condition what is there. */
function mayRead({ grants }: Pick<Reach, 'grants'>, { mounted, principal }: Call): boolean {
  const read = readOf(mounted);
  return read !== undefined && mayCall({ grants }, { mounted: read, principal });
}

function withoutCurrent(error: unknown): unknown {
  if (!(error instanceof ServiceError) || error.fields.current === undefined) return error;
  return new ServiceError({ ...error.fields, current: undefined });
}

function refuseWithoutAccess({ grants }: Reach, { mounted, principal }: Call): void {
  if (mayCall({ grants }, { mounted, principal })) return;
  const { operation, scopeName, name } = mounted;
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

/**
 * Use of a service, minting included, is decided by the levels that hold for whom it is for, as nodes decide it (POL-4).
 * Answers whose nodes may serve, where a policy says it.
 */
async function refuseByPolicy(
  platform: Platform,
  { mounted: { owner, operation }, principal, address }: Call,
  { entity, visibleIds }: { readonly entity: Entity | undefined; readonly visibleIds: readonly string[] },
): Promise<readonly string[] | undefined> {
  if (entity === undefined || owner.kind !== 'service' || owner.isDerived) return undefined;
  const decision = decide(await platform.policyChain(entity, principal), {
    verifier: 'api',
    atMs: platform.nowMs(),
    service: owner.definition.name,
    features: operation.feature === undefined ? [] : [featureName(owner.definition.name, operation.feature)],
    // Somebody who signed in is the operator of the account and not its traffic (ACC-9).
    sourceIp: isBoundByAddress(principal) ? (address ?? '') : undefined,
  });
  if (decision.kind === 'allowed') return servingRegions(decision.policy);
  const refused = platformError(decision.code, refusalText(decision, visibleIds));
  const level = levelText(decision.origin, visibleIds);
  throw new ServiceError({ ...refused.fields, rule: decision.setting, level });
}

interface Scope {
  readonly entity: Entity | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly visibleIds?: readonly string[] | undefined;
  readonly grants?: Reach['grants'];
  readonly heldAt?: string | undefined;
  readonly changes: AuditedChange[];
}

async function contextOf(
  platform: Platform,
  call: Call,
  { entity, regions, visibleIds, grants = [], changes }: Scope,
) {
  const { owner } = call.mounted;
  const { definition } = owner;
  const configured =
    owner.kind === 'service' && entity !== undefined
      ? await configurationOf(platform, owner.definition, entity)
      : undefined;
  const aheadMs =
    owner.kind === 'domain' && owner.definition.time === 'books' && entity !== undefined
      ? await platform.aheadMsOf(entity)
      : 0;
  return {
    entity,
    ...configured,
    regions,
    visibleIds,
    mayCall: (operation: string) => {
      const mounted = mountedOf(operation);
      return mounted !== undefined && mayCall({ grants }, { mounted, principal: call.principal });
    },
    speakers: (operation: string) => {
      const mounted = mountedOf(`${call.mounted.group}.${operation}`);
      const mayAt = (accountId: string) => {
        const there = grants.filter((grant) => grant.accountId === accountId);
        return mounted !== undefined && mayCall({ grants: there }, { mounted, principal: call.principal });
      };
      const { chain = [], accountId = '' } = entity ?? {};
      return speakersOf(chain, { above: chain.slice(0, -1).find(mayAt), isItself: mayAt(accountId) });
    },
    actor: call.principal.actor,
    actorName: call.principal.name,
    requestId: call.requestId,
    address: call.address,
    baseUrl: call.baseUrl,
    ifMatch: call.ifMatch,
    signal: call.signal,
    nowMs: () => platform.nowMs() + aheadMs,
    audit: (change: AuditedChange) => changes.push(change),
    meter: (meter: string, quantity: number, dimensions: Readonly<Record<string, string>>) => {
      if (entity)
        platform.recordUsage(entity, { meter: `${definition.name}.${meter}`, quantity, dimensions });
    },
    emit: async (event: string, payload: unknown, accountId = entity?.accountId) => {
      if (hasChangedNothing(call, changes)) return;
      if (accountId !== undefined) await platform.emit(accountId, `${definition.name}.${event}`, payload);
    },
    error: (code: string, publicDetail: string) =>
      new ServiceError({ ...errorDefinitionOf(owner, code), code, publicDetail }),
  };
}

const mountedOf = (operation: string): MountedOperation | undefined =>
  mountedOperations.find(({ group, name }) => `${group}.${name}` === operation);

async function configurationOf(platform: Platform, service: ServiceDefinition, entity: Entity) {
  const levels = configLevels(entity, service.name, await platform.configChain(entity));
  return { levels, config: service.config.parse(effectiveConfig(levels, configRulesOf(service)).values) };
}

/**
 * An entry at each account that the change concerns: for nearly all of them that is one (ACC-8). A handler that says
 * nothing more leaves the account as its target.
 */
async function audit(platform: Platform, call: Call, { entity, heldAt, changes }: Scope): Promise<void> {
  const { mounted, principal, requestId, address } = call;
  const { isTrial, isUse } = mounted.operation;
  if (isTrial === true || isUse === true || hasChangedNothing(call, changes)) return;
  const made = isSetting(mounted) ? changes.filter(isChange) : changes;
  const { actor } = principal;
  const actorAccountId = heldAt ?? (actor.kind === 'key' ? actor.accountId : undefined);
  const said: readonly Partial<AuditedChange>[] = made.length === 0 ? [{}] : made;
  // In one order, so that two changes that concern the same accounts do not wait for each other's logs.
  const entries = said.flatMap((change) => {
    const accountId = change.accountId ?? entity?.accountId;
    return accountId === undefined ? [] : [{ target: accountId, ...change, accountId }];
  });
  for (const entry of entries.toSorted((one, other) => (one.accountId < other.accountId ? -1 : 1))) {
    await platform.audit({
      ...entry,
      action: `${mounted.scopeName}.${mounted.name}`,
      actor,
      actorName: principal.name,
      ...(actorAccountId === undefined ? {} : { actorAccountId }),
      requestId,
      ...(address === undefined ? {} : { address }),
      // Who mints moves no account.
      ...(mounted.operation.isMinting === true && entity?.accountId === entry.accountId
        ? { accountPath: entity.chain }
        : {}),
    });
  }
}

/**
 * Whether an operation sets or takes away something: who finds it so has changed nothing, and no entry says otherwise. All others,
 * by POST, act each time they are asked: what is rotated, sent again or asked for is on record, whatever it was before (ACC-8).
 */
const isSetting = ({ operation: { method } }: MountedOperation): boolean => method !== 'POST';

/** What a handler emits once it has said what it changed is told neither, where that is nothing (HKS-2). */
const hasChangedNothing = ({ mounted }: Call, changes: readonly AuditedChange[]): boolean =>
  isSetting(mounted) && changes.length > 0 && !changes.some(isChange);

const isChange = ({ before, after }: AuditedChange): boolean =>
  before === undefined || isChanged(before, after);

type Response = Record<string, unknown>;
/** Does what needs no transaction, and resolves to what is to be done in one. */
type Handler = (context: unknown, request: unknown) => Promise<() => Promise<Response>>;
type AnyParameters = [context: unknown, request: unknown, ports: unknown];
type AnyHandler = OperationHandler<AnyParameters, Response>;

const handled =
  (work: (context: unknown, request: unknown) => Promise<Response>): Handler =>
  async (context, request) =>
  () =>
    work(context, request);

/** The one cast of this file: the compiler held each handler against its definition where it was written. */
async function loadHandler(platform: Platform, { owner, group, name }: MountedOperation): Promise<Handler> {
  if (owner.kind === 'service') {
    if (owner.isDerived) return staged(derivedHandlers(platform, owner.definition)[name] as never);
    const { handlers } = await serviceHandlerLoaders[owner.key]();
    const handler = (handlers as unknown as Readonly<Record<string, AnyHandler>>)[name] as AnyHandler;
    return staged(handler, platform.servicePorts[owner.key]);
  }
  const { handlers } = await domainHandlerLoaders[owner.key]();
  const resources = handlers as unknown as Readonly<Record<string, Readonly<Record<string, AnyHandler>>>>;
  const handler = resources[group]?.[name] as AnyHandler;
  return staged(handler, platform.domainPorts[owner.key]);
}

/** What takes long and writes nothing is done before the transaction, where a handler says what that is. */
function staged(handler: AnyHandler, ports?: unknown): Handler {
  const { prepare } = handler;
  if (prepare !== undefined) return (context, request) => prepare(context, request, ports);
  return handled((context, request) => handler(context, request, ports));
}
