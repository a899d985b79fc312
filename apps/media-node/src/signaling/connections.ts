import type { Device } from '@patchbay/domain/presence/registration';
import { type DeviceClaim, deviceKindOf } from '@patchbay/kit/device-kind';
import { errorPagePath } from '@patchbay/kit/errors';
import { toBase64Url } from '@patchbay/protocol/credential/base64url';
import { sha256 } from '@patchbay/protocol/credential/sha256';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  authenticationTimeoutMs,
  type ClientFrame,
  type ClientMessageOf,
  closeCodes,
  encodeServerFrame,
  isTransient,
  pingIntervalMs,
  protocolVersion,
  protocolVersionOldest,
  resumeWindowMs,
  type ServerMessage,
  type ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import type { Calls } from './calls.ts';
import type { Channels } from './channels.ts';
import type { Client, ClientTable } from './clients.ts';
import type { FarDevices } from './far-devices.ts';
import type { Guests } from './guests.ts';
import type { Action, Input, MachinePorts } from './machine-words.ts';
import { MessageRate } from './message-rate.ts';
import type { CallRefusal } from './party-rules.ts';
import type { Authentication } from './platform.ts';
import type { Presences } from './presences.ts';
import type { Principal } from './principal.ts';
import { type Reasons, withPages } from './reasons.ts';
import { countOf } from './session-log.ts';
import type { StateChanges } from './state-changes.ts';

/** Three pings missed, and half of one for the way. */
export const silenceMsMax = 3.5 * pingIntervalMs;
/** Connections of one identity at once. One more closes the oldest. */
export const clientsPerIdentityMax = 20;
const clientUsageIntervalMs = 5_000;

export interface ConnectionsPorts extends Pick<MachinePorts, 'region' | 'lineage' | 'placeRelay' | 'newId'> {
  readonly reasons: Reasons;
  readonly clients: ClientTable;
  calls(): Calls;
  channels(): Channels;
  far(): Pick<FarDevices, 'tell'>;
  guests(): Pick<Guests, 'leave' | 'changed' | 'resumedSessions'>;
  presences(): Pick<Presences, 'detached'>;
  changes(): Pick<StateChanges, 'client' | 'frame'>;
  act(action: Action): void;
  /** A frame of a client that is known, which was not heard before. */
  heard(client: Client, frame: ClientFrame, nowMs: number): void;
}

interface Socket {
  readonly socketId: string;
  readonly sourceIp: string;
  /** The instance that the client says it is; one that says nothing is new with each connection. */
  clientKey: string;
  device: DeviceClaim;
  readonly openedAtMs: number;
  readonly rate: MessageRate;
  /** The frame whose token is being verified. One at a time. */
  verifying: ClientMessageOf<'authenticate'> | ClientMessageOf<'renew'> | undefined;
  client: Client | undefined;
}

/**
 * Who is behind which socket: a connection that has shown its credential is a client, which outlives it by the resume window.
 * What is said to clients leaves here.
 */
export class Connections {
  readonly #ports: ConnectionsPorts;
  readonly #sockets = new Map<string, Socket>();
  /** When this process took up what another one held. */
  #restoredAtMs: number | undefined;
  #nowMs = 0;

  constructor(ports: ConnectionsPorts) {
    this.#ports = ports;
  }

  /** To be told the time of each input, before it. */
  begin(nowMs: number, isRestored: boolean): void {
    this.#nowMs = nowMs;
    this.#restoredAtMs ??= isRestored ? nowMs : undefined;
  }

  clientAt(socketId: string): Client | undefined {
    return this.#sockets.get(socketId)?.client;
  }

  open(
    { socketId, sourceIp, device = {} }: Extract<Input, { readonly type: 'opened' }>,
    openedAtMs: number,
  ): void {
    const rate = new MessageRate();
    this.#sockets.set(socketId, {
      socketId,
      sourceIp,
      clientKey: `connection:${socketId}`,
      device,
      openedAtMs,
      rate,
      verifying: undefined,
      client: undefined,
    });
  }

  receive(socketId: string, frame: ClientFrame, nowMs: number): void {
    const socket = this.#sockets.get(socketId);
    if (socket === undefined) {
      this.drop('socket_unknown');
      return;
    }
    if (!socket.rate.admit(nowMs)) {
      this.#close(socket, closeCodes.tooFast, 'signaling.too_fast');
      return;
    }
    const { client } = socket;
    if (client === undefined) {
      const isFirst = frame.type === 'authenticate' && socket.verifying === undefined;
      if (!isFirst) {
        this.#close(socket, closeCodes.unauthenticated, 'The first frame is authenticate.');
        return;
      }
      this.#verify(socket, frame);
      return;
    }
    client.lastHeardAtMs = nowMs;
    if (frame.type === 'renew') {
      this.#verify(socket, frame);
      return;
    }
    if (!client.inbox.admit(frame)) {
      this.drop('frame_repeated');
      return;
    }
    if (!isTransient(frame.type)) this.#ports.changes().client(client);
    this.#ports.heard(client, frame, nowMs);
  }

  #verify(socket: Socket, frame: ClientMessageOf<'authenticate'> | ClientMessageOf<'renew'>): void {
    if (socket.verifying !== undefined) {
      this.drop('verification_running');
      return;
    }
    socket.verifying = frame;
    if (frame.type === 'authenticate' && frame.instanceId !== undefined)
      socket.clientKey = `client:${frame.instanceId}`;
    if (frame.type === 'authenticate') socket.device = { ...socket.device, said: frame.device };
    const continued =
      frame.type === 'renew' ? socket.client : this.#ports.clients.byResumeToken(frame.resumeToken ?? '');
    const continuesCredentialId = continued?.principal.credentialId;
    this.#ports.act({
      type: 'authenticate',
      socketId: socket.socketId,
      token: frame.token,
      context: {
        sourceIp: socket.sourceIp,
        clientKey: socket.clientKey,
        deviceKind: deviceKindOf(socket.device),
        ...(continuesCredentialId === undefined ? {} : { continuesCredentialId }),
      },
    });
  }

  verified(socketId: string, authentication: Authentication, nowMs: number): void {
    const socket = this.#sockets.get(socketId);
    const frame = socket?.verifying;
    if (socket === undefined || frame === undefined) {
      this.drop('socket_gone');
      return;
    }
    socket.verifying = undefined;
    if (frame.type === 'renew') {
      this.#renew(socket, authentication, nowMs);
      return;
    }
    if (!authentication.ok) {
      this.#sendTo(socket, { type: 'error', problem: authentication.problem });
      this.#close(socket, closeCodes.unauthenticated, authentication.problem.code);
      return;
    }
    if (frame.protocolVersion < protocolVersionOldest) {
      const problem = this.#ports.reasons.problem('signaling.version_unsupported');
      this.#sendTo(socket, { type: 'error', problem });
      this.#close(socket, closeCodes.malformed, problem.code);
      return;
    }
    const { ok: _ok, ...principal } = authentication;
    const resumption = this.#resumption(frame, principal, nowMs);
    const { understands = [] } = frame;
    const device = deviceOf(frame, principal);
    if ('client' in resumption)
      this.#resume(socket, { ...resumption, principal, understands, device }, nowMs);
    else this.#admit(socket, { principal, understands, device, ...resumption }, nowMs);
  }

  #admit(
    socket: Socket,
    {
      principal,
      understands,
      device,
      loss,
    }: {
      readonly principal: Principal;
      readonly understands: readonly string[];
      readonly device: Device;
      readonly loss?: EndingCode;
    },
    nowMs: number,
  ): void {
    const peers = this.#ports.clients
      .ofIdentity(principal.accountId, principal.identity)
      .filter(({ far }) => far === undefined);
    const oldest = peers[0];
    if (oldest !== undefined && peers.length >= clientsPerIdentityMax) {
      this.dismiss(oldest, 'signaling.connection_lost', { code: closeCodes.replaced, nowMs });
    }
    const client: Client = {
      connectionId: this.#ports.newId('con'),
      resumeToken: `${this.#ports.lineage}:${this.#ports.newId('res')}`,
      outbox: new Outbox<ServerMessage>(encodeServerFrame),
      inbox: new Inbox(),
      sessionIds: new Set(),
      device,
      understands,
      principal,
      socketId: socket.socketId,
      isLeftBehind: false,
      detachedAtMs: 0,
      lastHeardAtMs: nowMs,
      sinceMs: nowMs,
      messageCount: 0,
      messagesSinceMs: nowMs,
    };
    socket.client = client;
    this.#ports.clients.add(client);
    this.#ports.changes().client(client);
    this.#register(client);
    this.#welcome(client, principal, {
      resumed: false,
      ...(loss === undefined ? {} : { lossReason: this.#ports.reasons.ending(loss) }),
    });
  }

  /** The earlier connection of the same identity that can be taken up whole, or why the one that is asked for is lost. */
  #resumption(
    { resumeToken, lastSequence = 0 }: ClientMessageOf<'authenticate'>,
    principal: Principal,
    nowMs: number,
  ): Resumption {
    if (resumeToken === undefined) return {};
    const client = this.#ports.clients.byResumeToken(resumeToken);
    if (client === undefined || !isSameIdentity(client.principal, principal)) {
      const isOurs = resumeToken.startsWith(`${this.#ports.lineage}:`);
      return { loss: isOurs ? 'signaling.connection_lost' : 'signaling.node_lost' };
    }
    const missed = client.outbox.after(lastSequence);
    if (missed !== undefined) return { client, missed };
    // Whoever has heard more than was ever said here heard it from a process whose last words were lost with its machine.
    const loss =
      lastSequence > client.outbox.lastSequence ? 'signaling.node_lost' : 'signaling.connection_lost';
    this.dismiss(client, loss, { code: closeCodes.replaced, nowMs });
    return { loss };
  }

  #resume(
    socket: Socket,
    {
      client,
      missed,
      principal,
      understands,
      device,
    }: Extract<Resumption, { readonly client: Client }> & {
      readonly principal: Principal;
      readonly understands: readonly string[];
      readonly device: Device;
    },
    nowMs: number,
  ): void {
    const former = client.socketId === undefined ? undefined : this.#sockets.get(client.socketId);
    if (former !== undefined)
      this.#close(former, closeCodes.replaced, 'Another connection took this one up.');
    this.#ports.calls().resuming(client, nowMs);
    client.socketId = socket.socketId;
    client.isLeftBehind = false;
    client.understands = understands;
    client.device = device;
    client.lastHeardAtMs = nowMs;
    this.#ports.changes().client(client);
    socket.client = client;
    this.#welcome(client, principal, { resumed: true });
    for (const source of missed) this.#ports.act({ type: 'send', socketId: socket.socketId, source });
    this.#adopt(client, principal, nowMs);
  }

  #welcome(
    client: Client,
    { accountId, identity, limits }: Principal,
    resumption: Pick<ServerMessageOf<'authenticated'>, 'resumed' | 'lossReason'>,
  ): void {
    this.send(client, {
      type: 'authenticated',
      protocolVersion,
      connectionId: client.connectionId,
      identity,
      accountId,
      resumeToken: client.resumeToken,
      ...resumption,
      receivedSequence: client.inbox.lastSequence,
      expiresAtMs: limits.expiresAtMs,
      relayUrls: this.#ports.placeRelay(client.connectionId)?.urls ?? [],
      sessions: [
        ...this.#ports.calls().resumedSessions(client),
        ...this.#ports.guests().resumedSessions(client),
      ],
      helpUrl: limits.pagesUrl ?? errorPagePath(''),
    });
  }

  #renew(socket: Socket, authentication: Authentication, nowMs: number): void {
    const { client } = socket;
    if (client === undefined) {
      this.drop('socket_gone');
      return;
    }
    if (!authentication.ok) {
      this.send(client, { type: 'error', problem: authentication.problem });
      return;
    }
    const { ok: _ok, ...principal } = authentication;
    if (!isSameIdentity(client.principal, principal)) {
      this.refuse(client, { refusal: 'signaling.identity_changed' });
      return;
    }
    this.#adopt(client, principal, nowMs);
    this.send(client, { type: 'renewed', expiresAtMs: principal.limits.expiresAtMs });
  }

  #adopt(client: Client, principal: Principal, nowMs: number): void {
    const isSameCredential = client.principal.credentialId === principal.credentialId;
    if (!isSameCredential) {
      this.#ports.calls().flushUsageOf(client, nowMs);
      this.#flushClientUsage(client, nowMs);
    }
    client.principal = principal;
    this.#ports.changes().client(client);
    if (isSameCredential) return;
    this.#ports.guests().changed(client);
    this.#ports.calls().renewed(client, nowMs);
    this.#ports.channels().doubt(client);
  }

  closed(socketId: string, isFinal: boolean, nowMs: number): void {
    const client = this.#sockets.get(socketId)?.client;
    this.#sockets.delete(socketId);
    if (client === undefined || client.socketId !== socketId) return;
    this.#detach(client);
    if (isFinal) this.dismiss(client, 'signaling.hung_up', { code: closeCodes.replaced, nowMs });
  }

  /** A client goes for good. */
  dismiss(
    client: Client,
    code: EndingCode,
    { code: closeCode, nowMs }: { code: number; nowMs: number },
  ): void {
    this.#ports.calls().leave(client, code, { nowMs });
    this.#ports.guests().leave(client, code);
    this.#ports.presences().detached(client);
    this.#ports.channels().detached(client, nowMs);
    this.#flushClientUsage(client, nowMs);
    const socket = client.socketId === undefined ? undefined : this.#sockets.get(client.socketId);
    if (socket !== undefined) this.#close(socket, closeCode, code);
    this.#ports.clients.remove(client);
    this.#ports.changes().client(client);
    const { connectionId, principal } = client;
    const { accountId, identity } = principal;
    if (client.media === undefined)
      this.#ports.act({ type: 'unregister', gone: { accountId, identity, connectionId } });
  }

  /** Tells where the client is, so that whoever calls it at another node finds it. */
  #register({ connectionId, principal, device, sinceMs }: Client): void {
    const { accountId, identity, applicationId } = principal;
    const of = applicationId === undefined ? {} : { applicationId };
    this.#ports.act({
      type: 'register',
      registration: { accountId, identity, connectionId, ...of, device, sinceMs },
    });
  }

  /** Of all that were here before this process was. */
  registerAll(): void {
    for (const client of this.#ports.clients.own()) this.#register(client);
  }

  refuse(client: Client, { refusal, detail }: CallRefusal, sessionId?: string): void {
    const problem = this.#ports.reasons.problem(refusal, detail);
    this.send(client, { type: 'error', problem, ...(sessionId === undefined ? {} : { sessionId }) });
  }

  refuseUndecodable({
    socketId,
    detail,
    isFatal,
  }: {
    socketId: string;
    detail: string;
    isFatal: boolean;
  }): void {
    const socket = this.#sockets.get(socketId);
    if (socket === undefined) {
      this.drop('socket_unknown');
      return;
    }
    if (!isFatal) {
      this.drop('frame_unknown');
      return;
    }
    this.#sendTo(socket, {
      type: 'error',
      problem: this.#ports.reasons.problem('signaling.frame_malformed', detail),
    });
    this.#close(socket, closeCodes.malformed, 'signaling.frame_malformed');
  }

  /** What time alone ends: connections that show no credential, and those of which nothing is heard. */
  closeUnproved(nowMs: number): void {
    for (const socket of this.#sockets.values()) {
      if (socket.client === undefined && nowMs - socket.openedAtMs >= authenticationTimeoutMs) {
        this.#close(socket, closeCodes.timedOut, 'No authenticate frame in time.');
      }
    }
  }

  tick(nowMs: number): void {
    for (const client of this.#ports.clients.all()) {
      if (nowMs - client.messagesSinceMs >= clientUsageIntervalMs) this.#flushClientUsage(client, nowMs);
      this.#noticeSilence(client, nowMs);
    }
  }

  #noticeSilence(client: Client, nowMs: number): void {
    if (client.media !== undefined || client.far !== undefined) return;
    const socket = client.socketId === undefined ? undefined : this.#sockets.get(client.socketId);
    if (socket === undefined) {
      // While there was no node, nobody could come back to it.
      const absentSinceMs = Math.max(client.detachedAtMs, this.#restoredAtMs ?? 0);
      if (nowMs - absentSinceMs >= resumeWindowMs) {
        const code = client.isLeftBehind ? 'signaling.node_lost' : 'signaling.connection_lost';
        this.dismiss(client, code, { code: closeCodes.timedOut, nowMs });
      }
    } else if (nowMs - client.lastHeardAtMs >= silenceMsMax) {
      this.#close(socket, closeCodes.timedOut, 'Nothing was heard for too long.');
    }
  }

  #flushClientUsage(client: Client, nowMs: number): void {
    const fromMs = client.messagesSinceMs;
    client.messagesSinceMs = nowMs;
    const quantities = countOf('messages', client.messageCount);
    client.messageCount = 0;
    if (quantities.length === 0) return;
    this.#ports.changes().client(client);
    const { accountId, applicationId, credentialId } = client.principal;
    this.#ports.act({
      type: 'recordUsage',
      record: {
        accountId,
        ...(applicationId === undefined ? {} : { applicationId }),
        credentialId,
        segment: 0,
        service: 'signaling',
        region: this.#ports.region,
        modality: 'data',
        fromMs,
        toMs: nowMs,
        quantities,
      },
    });
  }

  send(client: Client, message: ServerMessage): void {
    if (this.#ports.calls().tellMedia(client, message) || this.#ports.far().tell(client, message)) return;
    const source = client.outbox.stamp(withPages(message, client.principal.limits));
    if (!isTransient(message.type))
      this.#ports.changes().frame(client, { sequence: client.outbox.lastSequence, source });
    if (client.socketId !== undefined) this.#ports.act({ type: 'send', socketId: client.socketId, source });
  }

  /** What of a channel comes to a client. It is read again when it does not arrive. */
  deliver(client: Client, message: ServerMessage): void {
    const { socketId } = client;
    if (socketId !== undefined)
      this.#ports.act({
        type: 'deliver',
        socketId,
        source: client.outbox.stamp(withPages(message, client.principal.limits)),
      });
  }

  /** To a socket behind which there is no client yet. */
  #sendTo(socket: Socket, message: ServerMessage): void {
    if (socket.client !== undefined) {
      this.send(socket.client, message);
      return;
    }
    const source = encodeServerFrame({ ...message, sequence: 0 });
    this.#ports.act({ type: 'send', socketId: socket.socketId, source });
  }

  #close(socket: Socket, code: number, reason: string): void {
    this.#ports.act({ type: 'close', socketId: socket.socketId, code, reason });
    this.#sockets.delete(socket.socketId);
    const { client } = socket;
    if (client?.socketId === socket.socketId) this.#detach(client);
  }

  #detach(client: Client): void {
    client.socketId = undefined;
    client.detachedAtMs = this.#nowMs;
    this.#ports.channels().detached(client, this.#nowMs);
    this.#ports.presences().detached(client);
    this.#ports.changes().client(client);
  }

  drop(reason: string): void {
    this.#ports.act({ type: 'drop', reason });
  }
}

type Resumption =
  | { readonly client: Client; readonly missed: readonly string[] }
  | { readonly loss?: EndingCode };

const utf8 = new TextEncoder();

/** What an instance calls itself is known to it alone, for a use of a credential is its own: others see what it cannot be told from. */
const deviceIdOf = (instanceId: string): string =>
  toBase64Url(sha256(utf8.encode(`device ${instanceId}`)).subarray(0, 12));

function deviceOf(
  { instanceId, deviceName }: ClientMessageOf<'authenticate'>,
  { deviceKind = 'other' }: Principal,
): Device {
  return {
    kind: deviceKind,
    ...(instanceId === undefined ? {} : { id: deviceIdOf(instanceId) }),
    ...(deviceName === undefined ? {} : { name: deviceName }),
  };
}

function isSameIdentity(one: Principal, other: Principal): boolean {
  return one.accountId === other.accountId && one.identity === other.identity;
}
