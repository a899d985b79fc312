import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  type ClientFrame,
  decodeClientFrame,
  encodeServerFrame,
  type Problem,
  type ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import type { Client, ClientTable } from './clients.ts';
import type {
  CalledUser,
  FarDevice,
  FarPrincipal,
  GuestWord,
  HomeWord,
  SessionCredential,
} from './peer-words.ts';
import type { NarrowedTo, Principal } from './principal.ts';

/** A device that is in no session of this node is known for so long: a call that is counted first still finds it. */
export const farDeviceMs = 60_000;

export interface FarDevicesPorts {
  readonly clients: ClientTable;
  /** Whether there is any other node. Answers from memory. */
  hasPeers(): boolean;
  /** Asks where the endpoints are connected; {@link FarDevices.located} is called with the answer. */
  locate(askId: string, called: readonly CalledUser[]): void;
  toGuest(nodeId: string, word: HomeWord): void;
  narrow(from: SessionCredential, to: NarrowedTo): SessionCredential;
  /** A frame of the device, as if it had come by a socket of this node. */
  heard(client: Client, frame: ClientFrame, nowMs: number): void;
  leave(client: Client, code: EndingCode, at: { readonly nowMs: number; readonly detail?: string }): void;
  /** Before its principal is another. */
  flushUsage(client: Client, nowMs: number): void;
  renewed(client: Client, nowMs: number): void;
  limitsChanged(client: Client, nowMs: number): void;
  resuming(client: Client, nowMs: number): void;
  drop(reason: string): void;
}

/**
 * Devices that are connected at other nodes. To the sessions of this node each is a client as any other: what it is told goes
 * over the line to its node, and what it says comes from there (SIG). Which client is behind it and what it may do is that
 * node's word; the session is this node's.
 */
export class FarDevices {
  readonly #ports: FarDevicesPorts;
  readonly #asked = new Map<string, (nowMs: number) => void>();
  #askCount = 0;

  constructor(ports: FarDevicesPorts) {
    this.#ports = ports;
  }

  /** Goes on when the devices of all of them are known here. Where there is no other node that is now. */
  locate(called: readonly CalledUser[], nowMs: number, goOn: (nowMs: number) => void): void {
    if (called.length === 0 || !this.#ports.hasPeers()) {
      goOn(nowMs);
      return;
    }
    this.#askCount += 1;
    const askId = `locate ${this.#askCount}`;
    this.#asked.set(askId, goOn);
    this.#ports.locate(askId, called);
  }

  located(askId: string, devices: readonly FarDevice[], nowMs: number): void {
    const goOn = this.#asked.get(askId);
    if (goOn === undefined) return;
    this.#asked.delete(askId);
    for (const device of devices) this.#know(device, nowMs);
    goOn(nowMs);
  }

  /** What a client is told, where it is connected at another node; false of any other. */
  tell({ far }: Client, message: ServerMessage): boolean {
    if (far === undefined) return false;
    const { nodeId, connectionId } = far;
    this.#ports.toGuest(nodeId, { connectionId, source: encodeServerFrame({ ...message, sequence: 0 }) });
    return true;
  }

  hear(nodeId: string, word: GuestWord, nowMs: number): void {
    const client = this.#ports.clients.byConnection(farId(nodeId, word.connectionId));
    if (client?.far === undefined) {
      this.#ports.drop('far_device_unknown');
      return;
    }
    switch (word.type) {
      case 'frame':
        this.#hearFrame(client, word, nowMs);
        break;
      case 'left':
        this.#lose(client, word.code, {
          nowMs,
          ...(word.detail === undefined ? {} : { detail: word.detail }),
        });
        break;
      case 'standing':
        this.#stand(client, word.isConnected, nowMs);
        break;
      case 'principal':
        for (const { sessionId, ...narrowed } of word.narrowed) client.far.narrowed.set(sessionId, narrowed);
        this.#adopt(client, word.principal, nowMs);
        break;
    }
  }

  /** None of its devices is reached any more. */
  dead(nodeId: string, nowMs: number): void {
    for (const client of this.#ports.clients.all())
      if (client.far?.nodeId === nodeId) this.#lose(client, 'signaling.node_lost', { nowMs });
  }

  tick(nowMs: number): void {
    for (const client of this.#ports.clients.all()) {
      const { far } = client;
      if (far === undefined) continue;
      // That it is silent is told by its node, which hears it.
      if (client.socketId !== undefined) client.lastHeardAtMs = nowMs;
      if (client.sessionIds.size > 0) far.metAtMs = nowMs;
      else if (nowMs - far.metAtMs >= farDeviceMs) this.#ports.clients.remove(client);
    }
  }

  #know(device: FarDevice, nowMs: number): void {
    const { nodeId, connectionId, principal, understands, isConnected, sinceMs } = device;
    const known = this.#ports.clients.byConnection(farId(nodeId, connectionId));
    if (known?.far !== undefined) {
      known.far.metAtMs = nowMs;
      // Of one that is in a session here its node tells every change.
      if (known.sessionIds.size > 0) return;
      known.understands = understands;
      known.principal = this.#principal(principal, known.far.narrowed);
      return;
    }
    const narrowed = new Map<string, SessionCredential>();
    this.#ports.clients.add({
      connectionId: farId(nodeId, connectionId),
      resumeToken: '',
      outbox: new Outbox<ServerMessage>(encodeServerFrame),
      inbox: new Inbox(),
      sessionIds: new Set(),
      far: { nodeId, connectionId, narrowed, metAtMs: nowMs },
      device: device.device,
      understands,
      principal: this.#principal(principal, narrowed),
      socketId: isConnected ? socketIdOf(nodeId) : undefined,
      isLeftBehind: false,
      detachedAtMs: nowMs,
      lastHeardAtMs: nowMs,
      sinceMs,
      messageCount: 0,
      messagesSinceMs: nowMs,
    });
  }

  #principal(principal: FarPrincipal, narrowed: ReadonlyMap<string, SessionCredential>): Principal {
    return {
      ...principal,
      review: async () => ({ kind: 'holds', limits: principal.limits }),
      mayUseChannels: async () => ({ ok: false, problem: noChannels }),
      narrow: (to) => {
        const own = narrowed.get(to.sessionId);
        if (own === undefined) throw new Error('The node of a device sent no credential for its session.');
        return this.#ports.narrow(own, to);
      },
    };
  }

  #hearFrame(
    client: Client,
    { source, narrowed }: Extract<GuestWord, { type: 'frame' }>,
    nowMs: number,
  ): void {
    const decoded = decodeClientFrame(source);
    if (!decoded.ok || !('sessionId' in decoded.frame)) {
      this.#ports.drop('far_frame_unplaced');
      return;
    }
    if (decoded.frame.type === 'accept' && narrowed === undefined) {
      this.#ports.drop('far_credential_missing');
      return;
    }
    if (narrowed !== undefined) client.far?.narrowed.set(decoded.frame.sessionId, narrowed);
    client.lastHeardAtMs = nowMs;
    this.#ports.heard(client, decoded.frame, nowMs);
  }

  #stand(client: Client, isConnected: boolean, nowMs: number): void {
    if (isConnected === (client.socketId !== undefined)) return;
    if (isConnected) this.#ports.resuming(client, nowMs);
    client.socketId = isConnected ? socketIdOf(client.far?.nodeId ?? '') : undefined;
    client.detachedAtMs = nowMs;
    client.lastHeardAtMs = nowMs;
  }

  #adopt(client: Client, principal: FarPrincipal, nowMs: number): void {
    const isSameCredential = client.principal.credentialId === principal.credentialId;
    if (!isSameCredential) this.#ports.flushUsage(client, nowMs);
    client.principal = this.#principal(principal, client.far?.narrowed ?? new Map());
    if (isSameCredential) this.#ports.limitsChanged(client, nowMs);
    else this.#ports.renewed(client, nowMs);
  }

  #lose(client: Client, code: EndingCode, at: { readonly nowMs: number; readonly detail?: string }): void {
    this.#ports.leave(client, code, at);
    this.#ports.clients.remove(client);
  }
}

/** No connection of this node is called so. */
const farId = (nodeId: string, connectionId: string): string => `far ${nodeId} ${connectionId}`;
/** No socket of this node: what it is told goes over the line. */
const socketIdOf = (nodeId: string): string => `far ${nodeId}`;

/** Its own node is whom it asks. */
const noChannels: Problem = {
  type: '/docs/errors/credential.service_not_allowed',
  code: 'credential.service_not_allowed',
  title: 'A device of another node has no part in channels here.',
  status: 403,
};
