import type { Device } from '@patchbay/domain/presence/registration';
import type { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import { pingIntervalMs, type ServerMessage } from '@patchbay/protocol/signaling/messages';
import type { SessionCredential } from './peer-words.ts';
import type { Principal } from './principal.ts';

/** One SDK instance. It outlives its WebSocket by the resume window. */
export interface Client {
  readonly connectionId: string;
  readonly resumeToken: string;
  readonly outbox: Outbox<ServerMessage>;
  readonly inbox: Inbox;
  readonly sessionIds: Set<string>;
  /** Of a leg of the platform's own: where it is. It is nobody that could be called, and lives as long as its session. */
  readonly media?: { readonly nodeId: string; readonly legId: string };
  /** Of a device of another node: where it is. It can be called as any other, and what it is told goes there. */
  readonly far?: FarConnection;
  /** On what it runs, by its own word. */
  device: Device;
  /** Frames that its SDK knows besides those of the protocol's version. */
  understands: readonly string[];
  principal: Principal;
  /** Undefined while its connection is lost. */
  socketId: string | undefined;
  /** Its connection was lost by this node, which went with it: until it is back it holds no credential here. */
  isLeftBehind: boolean;
  detachedAtMs: number;
  lastHeardAtMs: number;
  /** When it was connected first. */
  readonly sinceMs: number;
  /** Frames that belong to no session, since the record before. */
  messageCount: number;
  messagesSinceMs: number;
}

export interface FarConnection {
  readonly nodeId: string;
  /** At its own node. */
  readonly connectionId: string;
  /** By session, what it is let in by at a relay. */
  readonly narrowed: Map<string, SessionCredential>;
  /** When its node spoke of it, or it was in a session of this one, last. */
  metAtMs: number;
}

/** Whether the party does what a `control` frame says. A leg of the platform's own does. */
export const understandsControl = ({ media, understands }: Pick<Client, 'media' | 'understands'>): boolean =>
  media !== undefined || understands.includes('control');

/** A client pings each `pingIntervalMs`: silent for longer than this, it may be gone. */
const heardMsMax = 1.5 * pingIntervalMs;

/**
 * Until when a client is known to have been connected: a window that was closed or lost its network is not, while it may
 * still resume. What a silent one was counted short is counted when it is heard again on the same connection.
 */
export function connectedUntilMs(
  { socketId, detachedAtMs, lastHeardAtMs }: Pick<Client, 'socketId' | 'detachedAtMs' | 'lastHeardAtMs'>,
  nowMs: number,
): number {
  return Math.min(socketId === undefined ? detachedAtMs : nowMs, lastHeardAtMs + heardMsMax);
}

/** The clients of this node. An identity is found only together with its account: no name crosses accounts. */
export class ClientTable {
  readonly #byConnection = new Map<string, Client>();
  readonly #byResumeToken = new Map<string, Client>();
  readonly #byIdentity = new Map<string, Set<Client>>();

  add(client: Client): void {
    this.#byConnection.set(client.connectionId, client);
    if (client.media !== undefined) return;
    if (client.far === undefined) this.#byResumeToken.set(client.resumeToken, client);
    const key = identityKey(client.principal.accountId, client.principal.identity);
    const peers = this.#byIdentity.get(key) ?? new Set();
    this.#byIdentity.set(key, peers.add(client));
  }

  remove(client: Client): void {
    this.#byConnection.delete(client.connectionId);
    if (client.far === undefined) this.#byResumeToken.delete(client.resumeToken);
    const key = identityKey(client.principal.accountId, client.principal.identity);
    const peers = this.#byIdentity.get(key);
    peers?.delete(client);
    if (peers?.size === 0) this.#byIdentity.delete(key);
  }

  byConnection(connectionId: string): Client | undefined {
    return this.#byConnection.get(connectionId);
  }

  byResumeToken(resumeToken: string): Client | undefined {
    return this.#byResumeToken.get(resumeToken);
  }

  ofIdentity(accountId: string, identity: string): readonly Client[] {
    return [...(this.#byIdentity.get(identityKey(accountId, identity)) ?? [])];
  }

  /** Those that are connected to this node itself. */
  own(): readonly Client[] {
    return this.all().filter(({ media, far }) => media === undefined && far === undefined);
  }

  all(): readonly Client[] {
    return [...this.#byConnection.values()];
  }
}

/** Account ids have no line feed, so no identity can be written to look like another account's. */
function identityKey(accountId: string, identity: string): string {
  return `${accountId}\n${identity}`;
}
