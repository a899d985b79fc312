import { z } from 'zod';
import { channelCalls } from '../channels/node-calls.ts';
import { roomCalls } from '../conferencing/node-calls.ts';
import { logicSessionSchema } from '../logic/logic-request.ts';
import { documentSchema } from '../logic/verbs.ts';
import { uploadedRecordsSchema } from '../metering/plain-usage-record.ts';
import { spentBudgetSchema } from '../policy/decide.ts';
import { policyLevelSchema, policyOriginSchema } from '../policy/policy-level.ts';
import { settingNames } from '../policy/settings.ts';
import { presenceCalls } from '../presence/node-calls.ts';
import { ringingSchema } from '../presence/ringing.ts';
import { controlAnswerSchema } from '../sessions/control.ts';
import { busMessageSchema } from './bus.ts';
import { softwareSchema } from './software.ts';

/** What nodes and control plane say to each other under /internal/v1. Both sides parse what they receive. */
export const nodeRoles = ['relay', 'signaling', 'media', 'gateway', 'jobs'] as const;
export type NodeRole = (typeof nodeRoles)[number];

/** A node counts as live for this long after a heartbeat to the control plane. */
export const NODE_LIVE_MS = 10_000;
export const NODE_HEARTBEAT_INTERVAL_MS = 2_000;
export const SESSION_EVENT_COUNT_MAX = 1_000;
/** As many sessions as one node holds, at most. */
export const HOLD_COUNT_MAX = 20_000;

const id = z.string().min(1).max(200);
const accountState = z.enum(['active', 'suspended', 'closed']);
const chain = z
  .array(z.object({ id, state: accountState }))
  .min(1)
  .max(256);

/**
 * What the configuration of a service allows the credentials of an account, application or instance type at most, whoever
 * minted them: a credential is held to the narrower of this and its own caveats.
 */
const credentialCaps = z.object({
  lifetimeSecondsMax: z.int().min(1),
  /** Of one allocation, both ways together. */
  bitsPerSecondMax: z.int().min(1).optional(),
  sessionSecondsMax: z.int().min(1).optional(),
  /** Every call goes through a relay, whatever its parties ask for. */
  isRelayOnly: z.boolean().optional(),
  /** Which devices of its endpoint ring. A control plane of the version before says none. */
  ringing: ringingSchema.exactOptional(),
});

export type CredentialCaps = z.output<typeof credentialCaps>;

/** By service. A service that is not named has none. */
const capsByService = z.record(z.string().max(64), credentialCaps);
const applicationCaps = z.object({
  caps: capsByService,
  /** Of each instance type: what the application says is in it. */
  capsByInstanceType: z.record(z.string().max(64), capsByService),
});

export type CapsByService = z.output<typeof capsByService>;
export type ApplicationCaps = z.output<typeof applicationCaps>;

const policyChain = z.array(policyLevelSchema).max(1_024);

/** Addresses of a node by use: `turn` for clients of a relay, `signal` for browsers, `link` for relays. */
const nodeUrls = z.record(z.string().max(32), z.array(z.string().max(300)).max(16));

const sessionEvent = z.object({
  sessionId: id,
  /** Gapless for each session, from 1. */
  sequence: z.int().min(1),
  type: z.string().max(64),
  atMs: z.int(),
  accountId: id,
  applicationId: id.optional(),
  /** A node of the release before says none. */
  instanceType: id.optional(),
  legId: id.optional(),
  legAccountId: id.optional(),
  region: z.string().max(64),
  data: z.record(z.string(), z.json()),
});

export type SessionEventReport = z.output<typeof sessionEvent>;

export const internalApi = {
  enrol: {
    method: 'POST',
    path: '/nodes/enrol',
    request: z.object({
      joinToken: z.string().min(16).max(200),
      name: z.string().min(1).max(100),
      roles: z.array(z.enum(nodeRoles)).min(1),
      region: z.string().min(1).max(64),
      /** Raw Ed25519 public key, base64url. */
      publicKey: z.string().length(43),
    }),
    response: z.object({ nodeId: id }),
  },
  heartbeat: {
    method: 'POST',
    path: '/nodes/heartbeat',
    request: z.object({
      boot: z.int(),
      urls: nodeUrls,
      load: z.record(z.string().max(32), z.number()),
      isDraining: z.boolean(),
      /** Of this boot. A node of the release before says none. */
      software: softwareSchema.optional(),
    }),
    response: z.object({
      /** Of the use that no customer's credential is named for. Absent: there is no such account yet. */
      platformAccountId: id.optional(),
      /** Changes with the list of addresses that authenticate by themselves. A control plane of the version before says none. */
      listedAddressesVersion: z.string().max(64).optional(),
    }),
  },
  /** Addresses that count as an account without a credential (ACC-9): each lies in the networks of one account alone. */
  listAddresses: {
    method: 'GET',
    path: '/listed-addresses',
    request: z.object({}),
    response: z.object({
      version: z.string().max(64),
      items: z.array(z.object({ accountId: id, network: z.string().max(50) })),
    }),
  },
  listNodes: {
    method: 'GET',
    path: '/nodes',
    request: z.object({}),
    response: z.object({
      items: z.array(
        z.object({
          nodeId: id,
          roles: z.array(z.enum(nodeRoles)),
          region: z.string(),
          publicKey: z.string(),
          boot: z.int().optional(),
          urls: nodeUrls,
          isLive: z.boolean(),
        }),
      ),
    }),
  },
  keySnapshot: {
    method: 'GET',
    path: '/keys/{keyId}/snapshot',
    request: z.object({ keyId: id }),
    response: z.object({
      keyId: id,
      mode: z.enum(['live', 'test']),
      /** The mint branch, base64url. It stays in memory and out of logs. */
      mintKey: z.string(),
      accountId: id,
      chain,
      isRevoked: z.boolean(),
      expiresAtMs: z.int().optional(),
      /** The services for which its scopes let it mint (ACC-4). */
      mintsFor: z.array(z.string().max(64)),
    }),
  },
  /** Keys whose credentials are in use. A node names each once a minute at most. */
  keysUsed: {
    method: 'POST',
    path: '/keys/used',
    request: z.object({ keys: z.array(z.object({ keyId: id, accountId: id })).max(1_000) }),
    response: z.object({}),
  },
  accountSnapshot: {
    method: 'GET',
    path: '/accounts/{accountId}/snapshot',
    request: z.object({ accountId: id }),
    response: z.object({
      accountId: id,
      chain,
      caps: capsByService,
      /** Of those of its users whose endpoint has settings of its own: what these allow, by identifier, such as `user:bob`. A control plane of the version before tells of none. */
      capsByEndpoint: z.record(z.string().max(400), capsByService).default({}),
      /** Its own and those of the accounts above, from the top down, for the region of the node that asks. */
      policy: policyChain,
      /** Those of its endpoints: each stands below all others but the credential's. */
      endpointPolicies: z.array(policyLevelSchema),
      /** Of credentials that something holds, such as a trigger. A control plane of the version before says none. */
      credentialPolicies: z.array(policyLevelSchema).default([]),
      /** What along `policy` is used up by now. */
      spent: z.array(spentBudgetSchema),
      /** It, or an account above or below it, has application logic: whom its clients call, somebody has to be asked about. */
      hasLogicNear: z.boolean().optional(),
      /**
       * Below this address stands a page for each code, at the host that the account's clients may know: its brand's. A control plane of
       * the version before says none.
       */
      pagesUrl: z.url().max(300).optional(),
    }),
  },
  applicationSnapshot: {
    method: 'GET',
    path: '/accounts/{accountId}/applications/{applicationId}/snapshot',
    request: z.object({ accountId: id, applicationId: id }),
    response: applicationCaps.extend({
      accountId: id,
      applicationId: id,
      chain,
      /** What the application says, and each of its instance types: below what the account says. */
      policy: policyChain,
      policyByInstanceType: z.record(z.string().max(64), policyChain),
    }),
  },
  sessionStanding: {
    method: 'GET',
    path: '/accounts/{accountId}/sessions/{sessionId}/standing',
    request: z.object({ accountId: id, sessionId: id }),
    /** Of the account's part in the session. `foreign`: it has none, if there is such a session at all. */
    response: z.object({ standing: z.enum(['live', 'ended', 'foreign']) }),
  },
  listRevocations: {
    method: 'GET',
    path: '/revocations',
    request: z.object({ sinceMs: z.coerce.number<number>().int().min(0) }),
    response: z.object({ items: z.array(z.object({ prefixId: id.optional(), keyId: id.optional() })) }),
  },
  /** Sessions that the API ended within the last minutes: what a process that has just been started did not hear. */
  listSessionEnds: {
    method: 'GET',
    path: '/session-ends',
    request: z.object({}),
    response: z.object({ items: z.array(z.object({ sessionId: id, code: z.string(), detail: z.string() })) }),
  },
  countUse: {
    method: 'POST',
    path: '/credentials/uses',
    request: z.object({
      accountId: id,
      prefixId: id,
      /**
       * The client's address where a relay knows no more; `client:` and what an SDK says it is; or `session:` and the id
       * of the session that its credential is narrowed to.
       */
      clientKey: id,
      usesMax: z.int().min(1),
      /** True: the session goes on with a use that was counted when its client connected to signaling. */
      isContinuation: z.boolean(),
      /** The client may be one that lost its relay, and with it what this credential was used for until just now. */
      restartsCredentialId: id.optional(),
    }),
    response: z.object({ isAdmitted: z.boolean() }),
  },
  /** Of a credential that events end: asked when it is used, and by that told to the control plane, which looks for them. */
  watchEnds: {
    method: 'POST',
    path: '/credentials/ends',
    request: z.object({
      accountId: id,
      keyId: id,
      /** Its own start, where it says one: what happened since then counts. */
      notBeforeMs: z.int().min(1).optional(),
      expiresAtMs: z.int(),
      ends: z
        .array(z.object({ prefixId: id, event: id, subject: z.string().max(200).optional() }))
        .min(1)
        .max(64),
    }),
    response: z.object({ hasEnded: z.boolean() }),
  },
  /**
   * Counts a session against what policies let begin, over all nodes. The control plane decides by the levels that it has
   * itself: a node names whom it is for, and is told what there is no room in.
   */
  claimSession: {
    method: 'POST',
    path: '/sessions/claims',
    request: z.object({
      accountId: id,
      applicationId: id.optional(),
      instanceType: id.optional(),
      endpoint: id.optional(),
      /** The session's id; for a client of a relay that is in none, whose use of which credential it is. */
      holdId: id,
      /** Those that serve the session: what it may cost is the sum of theirs. A node of the version before names none. */
      services: z.array(z.string().max(64)).max(64).default([]),
      /** It began before it was to be counted, and is not refused. */
      isRunning: z.boolean(),
    }),
    response: z.object({
      refusal: z
        .object({
          setting: z.enum(settingNames),
          origin: policyOriginSchema,
          retryAfterMs: z.int().min(0),
        })
        .optional(),
    }),
  },
  releaseSessions: {
    method: 'POST',
    path: '/sessions/releases',
    request: z.object({
      releasedIds: z.array(id).max(HOLD_COUNT_MAX),
      /** All that the node holds: whatever else is counted for it has ended. */
      keptIds: z.array(id).max(HOLD_COUNT_MAX).optional(),
    }),
    response: z.object({}),
  },
  /** What decides about a call: the logic of the called endpoint, if there is any, and if the caller may reach its account. */
  findLogic: {
    method: 'POST',
    path: '/logic/lookups',
    request: z.object({
      callerAccountId: id,
      accountId: id,
      /** As it is called: `user:bob`. */
      endpoint: z.string().min(1).max(400),
    }),
    response: z.object({
      standing: z.enum(['none', 'unrelated', 'found']),
      url: z.string().optional(),
      /** The account whose logic it is and those above it, nearest first. */
      accountPath: z.array(id).max(256).optional(),
    }),
  },
  /** A document for a call. The control plane asks for it: it has the secrets, and no node sees one. */
  fetchLogic: {
    method: 'POST',
    path: '/logic/fetches',
    request: z.object({
      accountId: id,
      url: z.string().max(2_048),
      session: logicSessionSchema,
      variables: z.record(z.string().max(64), z.string().max(4_000)),
    }),
    response: z.object({
      document: documentSchema.optional(),
      /** Where it came from in the end. */
      url: z.string().optional(),
      failure: z.enum(['unreachable', 'invalid', 'verb_unavailable', 'limit_reached']).optional(),
      detail: z.string().optional(),
      attempts: z.array(
        z.object({
          url: z.string(),
          target: z.enum(['main', 'fallback']),
          status: z.int().optional(),
          error: z.string().optional(),
          latencyMs: z.int(),
          isCached: z.boolean().optional(),
        }),
      ),
    }),
  },
  /** Runs the operation that a callback names in place of an address. The control plane has all of it: a node says of which delivery. */
  runCallback: {
    method: 'POST',
    path: '/callbacks/runs',
    request: z.object({
      accountId: id,
      webhookId: id,
      deliveryId: id,
      target: z.enum(['main', 'fallback']),
    }),
    response: z.object({
      status: z.int(),
      /** The code of a refusal. */
      error: z.string().max(200).optional(),
      response: z.string(),
      retryAfterMs: z.number().min(0).optional(),
      /** Tried again, it would be refused again. */
      isFinal: z.boolean().optional(),
    }),
  },
  consumed: {
    method: 'POST',
    path: '/credentials/consumed',
    request: z.object({
      accountId: id,
      credentialId: id,
      prefixIds: z.array(id).min(1).max(64),
      /** What was used in this session is asked for as well. */
      sessionId: id.optional(),
    }),
    response: z.object({
      items: z.array(
        z.object({
          prefixId: id,
          bytes: z.int(),
          milliseconds: z.int(),
          /** Of it, what the session used; absent where none was named. */
          ofSession: z.object({ bytes: z.int(), milliseconds: z.int() }).optional(),
        }),
      ),
    }),
  },
  usage: {
    method: 'POST',
    path: '/usage',
    request: z.object({ records: uploadedRecordsSchema }),
    response: z.object({
      accepted: z.int(),
      duplicates: z.int(),
      conflicts: z.int(),
      /** Records that will never be accepted, and why: the node sets them aside and says so. */
      refused: z.array(z.object({ index: z.int(), code: z.string(), detail: z.string() })),
    }),
  },
  sessionEvents: {
    method: 'POST',
    path: '/session-events',
    request: z.object({ events: z.array(sessionEvent).max(SESSION_EVENT_COUNT_MAX) }),
    response: z.object({ accepted: z.int(), duplicates: z.int() }),
  },
  /** What became of an order about a session that the node holds. */
  controlled: {
    method: 'POST',
    path: '/session-orders/{orderId}/answers',
    request: z.object({ orderId: id, answer: controlAnswerSchema }),
    response: z.object({}),
  },
  ...channelCalls,
  ...presenceCalls,
  ...roomCalls,
  publish: {
    method: 'POST',
    path: '/bus',
    request: z.object({ message: busMessageSchema }),
    response: z.object({}),
  },
} as const;

export type InternalCall = keyof typeof internalApi;
export type InternalRequest<C extends InternalCall> = z.input<(typeof internalApi)[C]['request']>;
export type InternalResponse<C extends InternalCall> = z.output<(typeof internalApi)[C]['response']>;

export const INTERNAL_PREFIX = '/internal/v1';
/** Where the bus streams, as server-sent events. It is no call: it does not end. */
export const BUS_PATH = `${INTERNAL_PREFIX}/bus`;

/** Method, path and body of a call. Fields that the path names go there; the rest of a GET goes into the query. */
export function internalRequest<C extends InternalCall>(call: C, request: InternalRequest<C>) {
  const { method, path } = internalApi[call];
  const fields = new Map<string, unknown>(Object.entries(request));
  const filled = path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = String(fields.get(name));
    fields.delete(name);
    return encodeURIComponent(value);
  });
  const rest = Object.fromEntries(fields);
  const query =
    method === 'GET' && fields.size > 0 ? `?${new URLSearchParams(rest as Record<string, string>)}` : '';
  return {
    method,
    path: `${INTERNAL_PREFIX}${filled}${query}`,
    body: method === 'GET' ? '' : JSON.stringify(rest),
  };
}

/** Which call a request is, with the fields of its path; undefined when there is none. The inverse of the above. */
export function matchInternal(
  method: string,
  pathname: string,
): { readonly call: InternalCall; readonly fields: Readonly<Record<string, string>> } | undefined {
  for (const [call, { method: wanted, path }] of Object.entries(internalApi)) {
    if (wanted !== method) continue;
    const pattern = new RegExp(`^${INTERNAL_PREFIX}${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const match = pathname.match(pattern);
    if (match === null) continue;
    const fields = Object.entries(match.groups ?? {}).map(([name, value]) => [
      name,
      decodeURIComponent(value),
    ]);
    return { call: call as InternalCall, fields: Object.fromEntries(fields) };
  }
  return undefined;
}
