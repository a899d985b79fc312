import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import {
  BUS_PATH,
  type InternalCall,
  type InternalRequest,
  type InternalResponse,
  matchInternal,
  type SessionEventReport,
} from '@patchbay/domain/fleet/internal-api';
import { signatureHeaders } from '@patchbay/domain/fleet/signed-request';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { PolicyLevel } from '@patchbay/domain/policy/policy-level';
import type { SaidState } from '@patchbay/domain/presence/presence';
import type { Registration } from '@patchbay/domain/presence/registration';
import type { ControlAnswer } from '@patchbay/domain/sessions/control';
import { createId } from '@patchbay/kit/ids';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import {
  bearerToken,
  type Credential,
  mint,
  RANDOM_ID_BYTES,
} from '@patchbay/protocol/credential/credential';

import { MemoryChannels } from './memory-channels.ts';

type Node = InternalResponse<'listNodes'>['items'][number] & { isDraining: boolean };

/** A control plane over real HTTP that knows one account with one key, believes its nodes, and keeps what they say. */
export class MemoryControlPlane {
  readonly nodes: Node[] = [];
  /** The levels of policies that hold for the account. */
  policy: PolicyLevel[] = [];
  /** Networks that count as the account without a credential. */
  listedNetworks: string[] = [];
  /** Sessions that are counted, and the answer to any more. */
  readonly claimedIds = new Set<string>();
  claimRefusal: InternalResponse<'claimSession'>['refusal'];
  readonly records: UsageRecord[] = [];
  readonly events: SessionEventReport[] = [];
  /** What became of orders about sessions. */
  readonly answers = new Map<string, ControlAnswer>();
  /** Calls that live, in which the account has a leg. */
  readonly liveSessionIds = new Set<string>();
  /** Where endpoints are connected, by the word of their nodes. */
  readonly words = new Map<string, { readonly state?: SaidState; readonly note?: string }>();
  readonly registrations = new Map<string, Registration & { readonly nodeId: string }>();
  /** Nodes that reach nobody, and that nobody reaches: as if their machines were lost. */
  readonly #lostNodeIds = new Set<string>();
  readonly #streamOf = new Map<string, ServerResponse>();
  /** Kept as a bus keeps them. */
  readonly #sessionEnds: Extract<BusMessage, { type: 'session.end' }>[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly accountId = createId('acc');
  readonly channels = new MemoryChannels((message) => this.publish(message));
  readonly platformAccountId = createId('acc');
  readonly #keyId = createId('key');
  readonly #heardIds = new Set<string>();
  readonly #mintKey = randomBytes(32);
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<MemoryControlPlane> {
    const started = new MemoryControlPlane();
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** With which a client connects to signaling, and its calls to a relay. */
  token(identity: string): string {
    return bearerToken(this.credential({ type: 'identity', identity }));
  }

  /** With which a client comes to a relay. */
  credential(...caveats: readonly Restriction[]): Credential {
    return mint({
      keyId: this.#keyId,
      mintKey: this.#mintKey,
      caveats: [{ type: 'notAfter', atMs: Date.now() + 3_600_000 }, ...caveats],
      randomId: randomBytes(RANDOM_ID_BYTES),
    });
  }

  /** Tells all nodes. */
  publish(message: BusMessage): void {
    if (message.type === 'session.end') this.#sessionEnds.push(message);
    for (const stream of this.#streams) stream.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  /** As the ingest adds it up: what one session used. */
  #usedIn(sessionId: string) {
    const sumOf = (meter: string) =>
      this.records
        .filter((record) => record.sessionId === sessionId)
        .flatMap(({ quantities }) => quantities)
        .filter((quantity) => quantity.meter === meter)
        .reduce((sum, { quantity }) => sum + quantity, 0);
    return { bytes: sumOf('bytes'), milliseconds: sumOf('allocationMs') };
  }

  /** The sum of one meter over all that was uploaded. */
  sumOf(meter: string): number {
    return this.records
      .flatMap(({ quantities }) => quantities)
      .filter((quantity) => quantity.meter === meter)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  }

  /** The machine of a node is lost. */
  lose(nodeId: string): void {
    this.#lostNodeIds.add(nodeId);
    this.#streamOf.get(nodeId)?.destroy();
    this.channels.nodeGone(this.accountId, nodeId);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** A node says everything at least once: what was heard is not taken again. */
  #fresh<Item>(items: readonly Item[], idOf: (item: Item) => string): readonly Item[] {
    return items.filter((item) => {
      const id = idOf(item);
      return !this.#heardIds.has(id) && this.#heardIds.add(id);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const node = String(request.headers[signatureHeaders.node]);
    if (this.#lostNodeIds.has(node)) {
      request.destroy();
      return;
    }
    if (request.method === 'GET' && pathname === BUS_PATH) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
      this.#streams.add(response);
      this.#streamOf.set(node, response);
      response.on('close', () => this.#streams.delete(response));
      return;
    }
    const matched = matchInternal(request.method ?? '', pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as object);
    const fields = { ...matched?.fields, ...Object.fromEntries(searchParams), ...body };
    const answer = matched === undefined ? undefined : this.#answer(matched.call, fields as never, node);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { code: 'resource.unknown' }));
  }

  #answer<C extends InternalCall>(call: C, request: InternalRequest<C>, nodeId: string): object | undefined {
    const handlers: {
      readonly [Call in InternalCall]: (request: InternalRequest<Call>) => object | undefined;
    } = {
      enrol: ({ roles, region, publicKey }) => {
        const id = createId('nod');
        this.nodes.push({
          nodeId: id,
          roles: [...roles],
          region,
          publicKey,
          urls: {},
          isLive: true,
          isDraining: false,
        });
        return { nodeId: id };
      },
      heartbeat: ({ boot, urls, isDraining }) => {
        const node = this.nodes.find((each) => each.nodeId === nodeId);
        if (node === undefined) return undefined;
        Object.assign(node, { boot, urls, isDraining });
        const { platformAccountId } = this;
        return { platformAccountId, listedAddressesVersion: this.listedNetworks.join() };
      },
      runCallback: () => undefined,
      listAddresses: () => ({
        version: this.listedNetworks.join(),
        items: this.listedNetworks.map((network) => ({ accountId: this.accountId, network })),
      }),
      listNodes: () => ({ items: this.nodes }),
      keySnapshot: ({ keyId }) =>
        keyId === this.#keyId
          ? {
              keyId,
              mode: 'live',
              mintKey: this.#mintKey.toString('base64url'),
              accountId: this.accountId,
              chain: [{ id: this.accountId, state: 'active' }],
              isRevoked: false,
              mintsFor: ['network-discovery', 'notification', 'signaling'],
            }
          : undefined,
      accountSnapshot: ({ accountId }) =>
        accountId === this.accountId
          ? {
              accountId,
              chain: [{ id: accountId, state: 'active' }],
              caps: {},
              capsByEndpoint: {},
              policy: this.policy,
              endpointPolicies: [],
              credentialPolicies: [],
              spent: [],
            }
          : undefined,
      applicationSnapshot: () => undefined,
      sessionStanding: ({ sessionId }) => ({
        standing: this.liveSessionIds.has(sessionId) ? 'live' : 'foreign',
      }),
      keysUsed: () => ({}),
      listRevocations: () => ({ items: [] }),
      claimSession: ({ holdId }) => {
        if (this.claimRefusal !== undefined) return { refusal: this.claimRefusal };
        this.claimedIds.add(holdId);
        return {};
      },
      releaseSessions: ({ releasedIds }) => {
        for (const id of releasedIds) this.claimedIds.delete(id);
        return {};
      },
      findLogic: () => ({ standing: 'none' }),
      fetchLogic: () => ({ failure: 'unreachable', detail: 'There is no logic here.', attempts: [] }),
      listSessionEnds: () => ({ items: this.#sessionEnds }),
      countUse: () => ({ isAdmitted: true }),
      watchEnds: () => ({ hasEnded: false }),
      consumed: ({ prefixIds, sessionId }) => ({
        items: prefixIds.map((prefixId) => ({
          prefixId,
          bytes: this.sumOf('bytes'),
          milliseconds: this.sumOf('allocationMs'),
          ...(sessionId === undefined ? {} : { ofSession: this.#usedIn(sessionId) }),
        })),
      }),
      usage: ({ records }) => {
        const fresh = this.#fresh(records, ({ id }) => `${id.nodeId} ${id.boot} ${id.sequence}`);
        this.records.push(...fresh);
        const duplicates = records.length - fresh.length;
        return { accepted: fresh.length, duplicates, conflicts: 0, refused: [] };
      },
      sessionEvents: ({ events }) => {
        const fresh = this.#fresh(events, ({ sessionId, sequence }) => `${sessionId} ${sequence}`);
        this.events.push(...(fresh as SessionEventReport[]));
        return { accepted: fresh.length, duplicates: events.length - fresh.length };
      },
      ...this.channels.handlers(nodeId),
      registerEndpoints: ({ here, gone }) => {
        for (const { connectionId } of gone) this.registrations.delete(connectionId);
        for (const each of here) this.registrations.set(each.connectionId, { ...each, nodeId });
        for (const { accountId, identity } of [...here, ...gone])
          this.publish({ type: 'presence.changed', accountId, identity });
        return {};
      },
      askPresence: ({ accountId, identities, says }) => {
        if (says !== undefined) {
          this.words.set(says.identity, says);
          this.publish({ type: 'presence.changed', accountId, identity: says.identity });
        }
        const isThere = (identity: string) =>
          [...this.registrations.values()].some((each) => each.identity === identity);
        return {
          items: identities.map((identity) => {
            const { state = 'available', note } = this.words.get(identity) ?? {};
            return {
              ...{ identity, isInCall: false, state: isThere(identity) ? state : 'offline' },
              ...(note === undefined ? {} : { note }),
            };
          }),
        };
      },
      findRegistrations: ({ accountId, identity }) => ({
        items: [...this.registrations.values()]
          .filter((each) => each.accountId === accountId && each.identity === identity)
          .filter((each) => each.nodeId !== nodeId)
          .map((each) => ({ nodeId: each.nodeId, connectionId: each.connectionId })),
      }),
      roomHome: (room) => ({ nodeId: room.nodeId }),
      roomsTold: () => ({}),
      roomOrdered: () => ({}),
      controlled: ({ orderId, answer }) => {
        this.answers.set(orderId, answer);
        return {};
      },
      publish: () => ({}),
    };
    return handlers[call](request);
  }
}
