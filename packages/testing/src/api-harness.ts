import type { RefusedRequest } from '@patchbay/domain/decisions/refused-request';
import type { EndpointRecord } from '@patchbay/domain/endpoints/ports';
import type { DomainPorts } from '@patchbay/domain/handlers.generated';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import type { PolicyChain } from '@patchbay/domain/policy/policy-level';
import type { Grant } from '@patchbay/domain/tenancy/reach';
import type { CountedFor, Platform, Principal, Reach, StoredAnswer } from '@patchbay/faces/platform';
import { createRestHandler } from '@patchbay/faces/rest';
import { createAppRouter } from '@patchbay/faces/trpc';
import { unserved } from '@patchbay/faces/unserved';
import type { Entity } from '@patchbay/kit/definition';
import type { ServiceError } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { mint } from '@patchbay/protocol/credential/credential';
import { memoryConferencingPorts } from './conferencing-ports.ts';
import { memoryNotificationPorts } from './notification-ports.ts';
import { memoryPresencePorts } from './presence-ports.ts';
import { memorySpeechDetectionPorts } from './speech-detection-ports.ts';
import { memorySpeechPorts } from './speech-ports.ts';
import { memoryTranscodingPorts } from './transcoding-ports.ts';

export const PLATFORM_ACCOUNT = createId('acc', 1);
export const PARENT_ACCOUNT = createId('acc', 2);
export const CHILD_ACCOUNT = createId('acc', 3);
export const STRANGER_ACCOUNT = createId('acc', 4);
export const SIBLING_ACCOUNT = createId('acc', 5);
export const GRANDCHILD_ACCOUNT = createId('acc', 6);
/** The session of everybody who signed in. */
export const SIGN_IN_SESSION = createId('sin', 1);
const chains: Readonly<Record<string, readonly string[]>> = {
  [PARENT_ACCOUNT]: [PLATFORM_ACCOUNT, PARENT_ACCOUNT],
  [CHILD_ACCOUNT]: [PLATFORM_ACCOUNT, PARENT_ACCOUNT, CHILD_ACCOUNT],
  [GRANDCHILD_ACCOUNT]: [PLATFORM_ACCOUNT, PARENT_ACCOUNT, CHILD_ACCOUNT, GRANDCHILD_ACCOUNT],
  [SIBLING_ACCOUNT]: [PLATFORM_ACCOUNT, PARENT_ACCOUNT, SIBLING_ACCOUNT],
  [STRANGER_ACCOUNT]: [PLATFORM_ACCOUNT, STRANGER_ACCOUNT],
};

interface Options {
  readonly scopes?: readonly string[];
  readonly relayUrls?: readonly string[];
  /** Told of which regions relays were asked for. */
  readonly onPlaced?: (regions: readonly string[] | undefined) => void;
  readonly states?: Readonly<Record<string, 'active' | 'suspended' | 'closed'>>;
  readonly requestsMax?: number;
  /** Whom that limit counts; by default one key. */
  readonly countedFor?: CountedFor;
  /** By the application's id, of whatever account. */
  readonly instanceTypes?: Readonly<Record<string, readonly string[]>>;
  readonly endpoints?: readonly EndpointRecord[];
  readonly domainPorts?: Partial<DomainPorts>;
  readonly dataKinds?: Platform['dataKinds'];
  readonly policyChain?: (entity: Entity) => PolicyChain;
  /** Somebody signed in, by the token that stands for them, with the roles that they hold. */
  readonly people?: Readonly<Record<string, Grant | readonly Grant[]>>;
  readonly accessChain?: (accountId: string) => PolicyChain;
  /** Further keys, by the token that stands for each. */
  readonly keys?: Readonly<
    Record<string, { readonly accountId: string; readonly scopes: readonly string[] }>
  >;
}

/**
 * The faces on in-memory ports and a frozen clock. The bearer token is the id of an account: its key holds all rights
 * there. Tests speak HTTP to it and look at what it recorded.
 */
export function createApiHarness(options: Options = {}) {
  const usage: (CountedUse & UsedBy)[] = [];
  const audited: unknown[] = [];
  const refused: RefusedRequest[] = [];
  const failures: ServiceError[] = [];
  const configs: StoredConfig[] = [];
  const stored = new Map<string, { fingerprint: string; answer?: StoredAnswer }>();
  let requestCount = 0;
  const minting = {
    mint: async ({ caveats }: { caveats: Parameters<typeof mint>[0]['caveats'] }) =>
      mint({ keyId: createId('key'), mintKey: new Uint8Array(32), caveats, randomId: new Uint8Array(12) }),
  };
  const applications = Object.fromEntries(
    Object.entries(options.instanceTypes ?? {}).map(([id, instanceTypes]) => [id, { id, instanceTypes }]),
  );
  const { relayUrls = ['turn:192.0.2.1:3478?transport=udp'] } = options;
  const relaysIn = async ({ regions }: { readonly regions?: readonly string[] | undefined }) => {
    options.onPlaced?.(regions);
    return relayUrls;
  };

  /** A key holds all at its account, a person what they were given. */
  const grantsOf = (actor: Principal['actor']): readonly Grant[] => {
    if (actor.kind === 'key') return [{ accountId: actor.accountId, role: 'owner' }];
    if (actor.kind === 'callback') return [{ accountId: actor.accountId, role: 'developer' }];
    return actor.kind === 'user' ? [options.people?.[actor.userId] ?? []].flat() : [];
  };

  const platform: Platform = {
    servicePorts: {
      networkDiscovery: { minting, placement: { relayUrls: relaysIn } },
      conferencing: memoryConferencingPorts(),
      presence: memoryPresencePorts(),
      notification: memoryNotificationPorts({
        minting,
        placement: { signalUrl: async () => 'wss://signal.test' },
      }),
      signaling: { minting, placement: { signalUrl: async () => 'wss://signal.test' } },
      speechDetection: memorySpeechDetectionPorts(),
      textToSpeech: memorySpeechPorts(),
      transcoding: memoryTranscodingPorts(),
    },
    dataKinds: options.dataKinds ?? [],
    domainPorts: {
      endpoints: {
        endpoints: {
          find: async ({ endpointId }: { endpointId: string }) =>
            options.endpoints?.find(({ id }) => id === endpointId),
          list: async ({ identifier }: { identifier?: string }) => ({
            items: (options.endpoints ?? []).filter((one) => one.identifier === identifier),
          }),
        },
      },
      tenancy: {
        applications: {
          find: async ({ applicationId }: { applicationId: string }) => applications[applicationId],
        },
      },
      ...options.domainPorts,
    } as DomainPorts,
    nowMs: () => 1_800_000_000_000,
    aheadMsOf: async () => 0,
    authenticate: async (evidence): Promise<Principal | undefined> => {
      if (evidence?.kind === 'callback') {
        const { accountId, webhookId, scope } = evidence;
        return { actor: { kind: 'callback', accountId, webhookId }, name: webhookId, scopes: [scope] };
      }
      if (evidence?.kind !== 'bearer') return undefined;
      if (options.people?.[evidence.token] !== undefined)
        return {
          actor: { kind: 'user', userId: evidence.token, signInSessionId: SIGN_IN_SESSION },
          name: evidence.token,
        };
      const known = options.keys?.[evidence.token];
      if (known !== undefined) {
        const keyId = `key_${evidence.token}`;
        const { accountId, ...rights } = known;
        return { actor: { kind: 'key', keyId, accountId }, name: evidence.token, ...rights };
      }
      if (chains[evidence.token] === undefined) return undefined;
      const actor = { kind: 'key', keyId: `key_of_${evidence.token}`, accountId: evidence.token } as const;
      return { actor, name: 'Test key', scopes: options.scopes ?? ['*'] };
    },
    reach: async ({ actor }, accountId): Promise<Reach | undefined> => {
      const ids = chains[accountId];
      const grants = grantsOf(actor).filter((held) => ids?.includes(held.accountId));
      if (ids === undefined || grants.length === 0) return undefined;
      const chain = ids.map((id) => ({ id, state: options.states?.[id] ?? ('active' as const) }));
      return { chain, grants };
    },
    rateLimit: async () => {
      requestCount += 1;
      const limit = options.requestsMax ?? 600;
      const remaining = Math.max(0, limit - requestCount);
      const isExceeded = requestCount > limit;
      const times = { perMinuteMax: limit, windowMs: 60_000, resetMs: requestCount * 1_500 };
      const countedFor = options.countedFor ?? { kind: 'key', keyId: 'key_of_test' };
      return { countedFor, isExceeded, limit, remaining, retryAfterMs: isExceeded ? 1_500 : 0, ...times };
    },
    // Of everybody: whose word holds is for the domain to say.
    configChain: async () => configs,
    setConfig: async ({ accountId, endpointId, ...entity }, service, { values, setById }) => {
      const { applicationId, instanceType } = endpointId === undefined ? entity : {};
      const isSame = (stored: StoredConfig) =>
        stored.accountId === accountId &&
        stored.applicationId === applicationId &&
        stored.instanceType === instanceType &&
        stored.endpointId === endpointId &&
        stored.setById === setById &&
        stored.service === service;
      const at = configs.findIndex(isSame);
      const [before] = at < 0 ? [] : configs.splice(at, 1);
      configs.push({ accountId, applicationId, instanceType, endpointId, setById, service, values });
      return before?.values ?? {};
    },
    policyChain: async (entity) => options.policyChain?.(entity) ?? [],
    accessChain: async (accountId) => options.accessChain?.(accountId) ?? [],
    recordUsage: ({ accountId, applicationId, endpoint, credentialId }, use) => {
      usage.push({
        ...use,
        accountId,
        ...(applicationId === undefined ? {} : { applicationId }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(credentialId === undefined ? {} : { credentialId }),
      });
    },
    emit: async () => {},
    audit: async (report) => {
      audited.push(report);
    },
    noteRefused: (request) => {
      refused.push(request);
    },
    atomically: (work) => work(),
    inTurn: async () => {},
    keptAtEnd: (work) => work(),
    cursors: {
      seal: (place, cursor) => `${place}#${cursor}`,
      open: (place, sealed) => (sealed.startsWith(`${place}#`) ? sealed.slice(place.length + 1) : undefined),
    },
    idempotency: {
      begin: async ({ callerId, accountId, route, key, fingerprint }) => {
        const name = JSON.stringify([callerId, accountId, route, key]);
        const known = stored.get(name);
        if (known === undefined) {
          stored.set(name, { fingerprint });
          return { kind: 'fresh', claim: { callerId, accountId, route, key, fingerprint, attempt: 1 } };
        }
        if (known.fingerprint !== fingerprint) return { kind: 'mismatch' };
        return known.answer ? { kind: 'replay', answer: known.answer } : { kind: 'in_progress' };
      },
      complete: async ({ callerId, accountId, route, key, fingerprint }, answer) => {
        stored.set(JSON.stringify([callerId, accountId, route, key]), { fingerprint, answer });
        return true;
      },
      abandon: async ({ callerId, accountId, route, key }) => {
        stored.delete(JSON.stringify([callerId, accountId, route, key]));
      },
    },
  };

  const router = createAppRouter(platform);
  const rest = createRestHandler({
    router,
    unserved: (context, request) => unserved(platform, context, request),
    baseUrl: 'https://api.test',
    onFailure: (error) => failures.push(error),
  });
  return {
    platform,
    router,
    rest,
    usage,
    audited,
    refused,
    failures,
    call: async (
      method: string,
      path: string,
      extra: { body?: unknown; as?: string | null; idempotencyKey?: string; ifMatch?: string } = {},
    ) => {
      const headers = new Headers();
      if (extra.as !== null) headers.set('authorization', `Bearer ${extra.as ?? PARENT_ACCOUNT}`);
      if (extra.ifMatch) headers.set('if-match', extra.ifMatch);
      if (extra.idempotencyKey) headers.set('idempotency-key', extra.idempotencyKey);
      const init: RequestInit = { method, headers };
      if (extra.body !== undefined) {
        headers.set('content-type', 'application/json');
        init.body = JSON.stringify(extra.body);
      }
      const response = await rest(new Request(`https://api.test${path}`, init));
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
}
