import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import {
  type ClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  type ResumedSession,
  type ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import { type Client, type ClientTable, connectedUntilMs } from './clients.ts';
import type { FarDevice, FarPrincipal, GuestWord, HomeWord } from './peer-words.ts';
import type { Principal } from './principal.ts';
import type { Reasons } from './reasons.ts';

export interface GuestsPorts {
  readonly clients: ClientTable;
  readonly reasons: Reasons;
  readonly sessionsPerClientMax: number;
  toHome(nodeId: string, word: GuestWord): void;
  send(client: Client, message: ServerMessage): void;
  drop(reason: string): void;
}

interface Ended {
  readonly code: EndingCode;
  readonly detail?: string | undefined;
}

/** A session of another node that a client of this one is in. */
interface Guest {
  readonly homeNodeId: string;
  readonly client: Client;
  /** What the client was told of it last, for when it comes back. */
  seen: ResumedSession;
}

/**
 * Clients of this node in sessions that other nodes hold. This node says who they are and what they may do, and carries what
 * they say and are told; it decides nothing of the session (SIG).
 */
export class Guests {
  readonly #ports: GuestsPorts;
  readonly #guests = new Map<string, Guest>();
  /** What was said last of the connection of a client that is a guest. */
  readonly #standing = new Map<Client, boolean>();

  constructor(ports: GuestsPorts) {
    this.#ports = ports;
  }

  get sessionCount(): number {
    return this.#guests.size;
  }

  /** Those of the connections that may be rung, as another node has to know them. */
  meet(connectionIds: readonly string[], nowMs: number): readonly Omit<FarDevice, 'nodeId'>[] {
    return connectionIds.flatMap((connectionId) => {
      const client = this.#ports.clients.byConnection(connectionId);
      if (client === undefined || !isHere(client)) return [];
      if (client.sessionIds.size >= this.#ports.sessionsPerClientMax) return [];
      const { understands, device, sinceMs } = client;
      const principal = farPrincipal(client.principal);
      return {
        connectionId,
        principal,
        understands,
        device,
        isConnected: isConnected(client, nowMs),
        sinceMs,
      };
    });
  }

  hear(homeNodeId: string, { connectionId, source }: HomeWord, nowMs: number): void {
    const decoded = decodeServerFrame(source);
    const client = this.#ports.clients.byConnection(connectionId);
    if (client === undefined || !isHere(client)) {
      this.#ports.toHome(homeNodeId, { type: 'left', connectionId, code: 'signaling.connection_lost' });
      return;
    }
    if (!decoded.ok) {
      this.#ports.drop('home_frame_undecodable');
      return;
    }
    const { sequence: _sequence, ...message } = decoded.frame;
    if (message.type === 'incoming' && !this.#guests.has(message.sessionId)) {
      this.#standing.set(client, isConnected(client, nowMs));
      this.#admit(homeNodeId, client, message);
    }
    const sessionId = 'sessionId' in message ? message.sessionId : undefined;
    // A node speaks of the sessions that it brought a client into, and of no other.
    if (sessionId === undefined ? message.type !== 'message' : !this.#isOf(homeNodeId, client, sessionId)) {
      this.#ports.drop('home_frame_unplaced');
      return;
    }
    if (sessionId !== undefined) this.#note(sessionId, message);
    this.#ports.send(client, message);
  }

  /** True where the frame is about a session that another node holds: it goes there. */
  forward(client: Client, frame: ClientFrame): boolean {
    if (!('sessionId' in frame) || frame.sessionId === undefined) return false;
    const guest = this.#guests.get(frame.sessionId);
    if (guest?.client !== client) return false;
    const { connectionId, principal } = client;
    const { sessionId } = frame;
    this.#ports.toHome(guest.homeNodeId, {
      type: 'frame',
      connectionId,
      source: encodeClientFrame({ ...frame, sequence: 0 }),
      ...(frame.type === 'accept' ? { narrowed: principal.narrow({ sessionId }) } : {}),
    });
    return true;
  }

  /** The client goes for good. It is told of the end of each session, and those who hold them that it is gone. */
  leave(client: Client, code: EndingCode, detail?: string): void {
    const homes = new Set<string>();
    for (const [sessionId, guest] of this.#guests) {
      if (guest.client !== client) continue;
      homes.add(guest.homeNodeId);
      this.#end(sessionId, guest, { code, detail });
    }
    const { connectionId } = client;
    for (const nodeId of homes)
      this.#ports.toHome(nodeId, {
        ...{ type: 'left', connectionId, code },
        ...(detail === undefined ? {} : { detail }),
      });
    this.#standing.delete(client);
  }

  /** It may do other things than before, or has another credential. */
  changed(client: Client): void {
    const sessionsOf = new Map<string, string[]>();
    for (const [sessionId, guest] of this.#guests)
      if (guest.client === client)
        sessionsOf.set(guest.homeNodeId, [...(sessionsOf.get(guest.homeNodeId) ?? []), sessionId]);
    const { connectionId, principal } = client;
    for (const [nodeId, sessionIds] of sessionsOf)
      this.#ports.toHome(nodeId, {
        type: 'principal',
        connectionId,
        principal: farPrincipal(principal),
        narrowed: sessionIds.map((sessionId) => ({ sessionId, ...principal.narrow({ sessionId }) })),
      });
  }

  /** The node that held sessions is reached no more: they are over. */
  homeDead(homeNodeId: string): void {
    for (const [sessionId, guest] of this.#guests)
      if (guest.homeNodeId === homeNodeId) this.#end(sessionId, guest, { code: 'signaling.node_lost' });
  }

  resumedSessions(client: Client): readonly ResumedSession[] {
    return [...this.#guests.values()].filter((guest) => guest.client === client).map(({ seen }) => seen);
  }

  tick(nowMs: number): void {
    for (const { client, homeNodeId } of this.#guests.values()) {
      const isNow = isConnected(client, nowMs);
      if (this.#standing.get(client) === isNow) continue;
      this.#standing.set(client, isNow);
      const { connectionId } = client;
      this.#ports.toHome(homeNodeId, { type: 'standing', connectionId, isConnected: isNow });
    }
  }

  #isOf(homeNodeId: string, client: Client, sessionId: string): boolean {
    const guest = this.#guests.get(sessionId);
    return guest?.homeNodeId === homeNodeId && guest.client === client;
  }

  #admit(
    homeNodeId: string,
    client: Client,
    { sessionId, legId, from }: Extract<ServerMessage, { type: 'incoming' }>,
  ): void {
    client.sessionIds.add(sessionId);
    const seen = { sessionId, legId, state: 'ringing', initiator: false, generation: 0, peer: from } as const;
    this.#guests.set(sessionId, { homeNodeId, client, seen: { ...seen, mode: 'auto' } });
  }

  #note(sessionId: string, message: ServerMessage): void {
    const guest = this.#guests.get(sessionId);
    if (guest === undefined) return;
    if (message.type === 'started' || message.type === 'recover') {
      const { initiator, generation, mode, peer = guest.seen.peer } = message;
      guest.seen = { ...guest.seen, state: 'active', initiator, generation, mode, peer };
    }
    if (message.type === 'ended') this.#forget(sessionId, guest);
  }

  #end(sessionId: string, guest: Guest, { code, detail }: Ended): void {
    this.#forget(sessionId, guest);
    const reason = this.#ports.reasons.ending(code, detail);
    this.#ports.send(guest.client, { type: 'ended', sessionId, reason });
  }

  #forget(sessionId: string, { client }: Guest): void {
    this.#guests.delete(sessionId);
    client.sessionIds.delete(sessionId);
  }
}

const isHere = ({ media, far }: Client): boolean => media === undefined && far === undefined;

const isConnected = (client: Client, nowMs: number): boolean =>
  client.socketId !== undefined && connectedUntilMs(client, nowMs) >= nowMs;

function farPrincipal({
  review: _review,
  narrow: _narrow,
  mayUseChannels: _mayUseChannels,
  ...principal
}: Principal): FarPrincipal {
  return principal;
}
