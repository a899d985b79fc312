import type { RoomNote } from '@patchbay/domain/conferencing/room-words';
import type { LogicFailure, LogicInput } from '@patchbay/domain/logic/interpreter';
import type { SoundOrder } from '@patchbay/domain/logic/sound-order';
import type { SignalingEndingCode } from '@patchbay/protocol/signaling/codes';
import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  type ClientMessageOf,
  encodeServerFrame,
  type Media,
  type Problem,
  type ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import type { CallPorts } from './call-ports.ts';
import type { Client } from './clients.ts';
import type { ClaimAnswer, MediaNotice } from './platform.ts';
import type { Principal } from './principal.ts';
import type { Session } from './session.ts';
import type { SessionLogic } from './session-logic.ts';

const noNode = 'No media node of this region is free.';
const claimIdOf = (sessionId: string): string => `media ${sessionId}`;
/** As people call it. */
const nameOf = (endpoint: string): string => endpoint.replace(/^user:/, '');

/** As long as a session of a document may last, and some more: its time ends it, and no credential does. */
const LEG_MS_MAX = 24 * 3_600_000;
const sound: Media = { audio: true, video: false, screen: false };

export interface MediaLegsPorts extends Pick<CallPorts, 'clients' | 'placeMedia' | 'toMedia' | 'claim'> {
  session(sessionId: string): Session | undefined;
  /** Goes on with the logic that asked. */
  feed(session: Session, input: LogicInput, nowMs: number): void;
  /** Into the log of the leg's own account. */
  note(session: Session, note: RoomNote, nowMs: number): void;
  /** The leg is the party that was called. */
  join(session: Session, party: { readonly client: Client; readonly media: Media }, nowMs: number): void;
  /** Its party says something, as any other does. */
  say(
    client: Client,
    message: ClientMessageOf<'signal'> | ClientMessageOf<'connected'> | ClientMessageOf<'relayNeeded'>,
    nowMs: number,
  ): void;
  end(
    session: Session,
    ending: { readonly code: SignalingEndingCode; readonly detail?: string },
    nowMs: number,
  ): void;
}

/**
 * Legs of the platform's own: parties that a media node is. To the rest of signaling each is a client as any other, of the
 * account whose logic answered; its frames go over the line to its node (decision 0020).
 */
export class MediaLegs {
  readonly #ports: MediaLegsPorts;

  constructor(ports: MediaLegsPorts) {
    this.#ports = ports;
  }

  /** Asks whether the account of the logic may have one more session: its part is decided by itself (LIV-0). */
  answer(session: Session, nowMs: number): void {
    const { logic } = session;
    if (logic === undefined) return;
    const free = this.#ports.placeMedia();
    const { order } = logic.run.sounding ?? {};
    if (free === undefined) this.#refuse(session, noNode, nowMs);
    else
      this.#ports.claim(claimIdOf(session.sessionId), {
        sessionId: session.sessionId,
        principal: { accountId: logic.accountId, identity: nameOf(logic.endpoint) },
        isRunning: false,
        ...(order?.kind === 'conference' ? { room: { name: order.name, nodeId: free.nodeId } } : {}),
      });
  }

  /** True for what was asked here. */
  claimed(claimId: string, answer: ClaimAnswer, nowMs: number): boolean {
    if (!claimId.startsWith(claimIdOf(''))) return false;
    const session = this.#ports.session(claimId.slice(claimIdOf('').length));
    if (session?.logic?.run.state !== 'answering') return true;
    // A room is on one node: whoever goes there at once is answered by that.
    const placement = this.#ports.placeMedia(answer.ok ? answer.mediaNodeId : undefined);
    if (!answer.ok) {
      const { code, detail } = answer;
      if (code === 'platform.unavailable') this.#refuse(session, detail, nowMs);
      else this.#ports.end(session, { code, detail }, nowMs);
    } else if (placement === undefined) this.#refuse(session, noNode, nowMs);
    else {
      const client = this.#newClient(session, session.logic, { nodeId: placement.nodeId, nowMs });
      this.#ports.clients.add(client);
      client.sessionIds.add(session.sessionId);
      this.#ports.join(session, { client, media: sound }, nowMs);
      this.#ports.feed(session, { type: 'selfAnswered' }, nowMs);
    }
    return true;
  }

  order(session: Session, number: number, order: SoundOrder): void {
    const client = session.callee?.client;
    if (client?.media === undefined) return;
    const { sessionId } = session;
    const { accountId } = client.principal;
    const { nodeId, legId } = client.media;
    this.#ports.toMedia(nodeId, { type: 'sound', legId, sessionId, accountId, number, order });
  }

  /** What a client is told, where it is a leg of the platform's own; false of any other. */
  tell({ media, principal }: Client, message: ServerMessage): boolean {
    if (media === undefined) return false;
    const { type } = message;
    const isForLeg = type === 'started' || type === 'signal' || type === 'recover' || type === 'control';
    if (!isForLeg && message.type !== 'ended') return true;
    const { sessionId } = message;
    const source = encodeServerFrame({ ...message, sequence: 0 });
    const { nodeId, legId } = media;
    const { accountId } = principal;
    const isLast = message.type === 'ended';
    this.#ports.toMedia(nodeId, { type: 'frame', legId, sessionId, accountId, source, isLast });
    return true;
  }

  hear(notice: MediaNotice, nowMs: number): void {
    if (notice.type === 'mediaDead') {
      for (const { media, sessionIds } of this.#ports.clients.all()) {
        if (media?.nodeId !== notice.nodeId) continue;
        for (const sessionId of [...sessionIds]) this.#lose(sessionId, undefined, nowMs);
      }
      return;
    }
    // A node speaks for the legs that it was given, and for no other.
    const session = this.#ports.session(notice.sessionId);
    const client = session?.callee?.client;
    if (client?.media?.nodeId !== notice.nodeId || client.media.legId !== notice.legId) return;
    if (session === undefined) return;
    if (notice.type === 'mediaLegLost') this.#lose(notice.sessionId, notice.detail, nowMs);
    else if (notice.type === 'mediaSounded') {
      const { number, result } = notice;
      this.#ports.feed(session, { type: 'sounded', number, result }, nowMs);
    } else if (notice.type === 'mediaNoted') this.#ports.note(session, notice.note, nowMs);
    else {
      const { message } = notice;
      const isKnown =
        message.type === 'signal' || message.type === 'connected' || message.type === 'relayNeeded';
      if (isKnown) this.#ports.say(client, { ...message, sessionId: notice.sessionId }, nowMs);
    }
  }

  /** A leg is connected for as long as its node is: that it is gone, is told. */
  tick(nowMs: number): void {
    for (const client of this.#ports.clients.all())
      if (client.media !== undefined) client.lastHeardAtMs = nowMs;
  }

  /** The session is over, and the leg with it. */
  ended(session: Session): void {
    const client = session.callee?.client;
    if (client?.media !== undefined) this.#ports.clients.remove(client);
  }

  #lose(sessionId: string, detail: string | undefined, nowMs: number): void {
    const session = this.#ports.session(sessionId);
    const ending = { code: 'signaling.media_lost', ...(detail === undefined ? {} : { detail }) } as const;
    if (session !== undefined) this.#ports.end(session, ending, nowMs);
  }

  #refuse(session: Session, detail: string, nowMs: number): void {
    const failure: LogicFailure = 'media_unavailable';
    this.#ports.feed(session, { type: 'selfRefused', failure, detail }, nowMs);
  }

  #newClient(
    session: Session,
    { accountId, endpoint, accountPath = [accountId] }: SessionLogic,
    { nodeId, nowMs }: { readonly nodeId: string; readonly nowMs: number },
  ): Client {
    const limits: Principal['limits'] = { expiresAtMs: nowMs + LEG_MS_MAX, seconds: [] };
    return {
      connectionId: `media ${session.sessionId}`,
      resumeToken: `media ${session.sessionId}`,
      outbox: new Outbox<ServerMessage>(encodeServerFrame),
      inbox: new Inbox(),
      sessionIds: new Set(),
      media: { nodeId, legId: session.calleeLegId },
      device: { kind: 'server' },
      understands: [],
      principal: {
        accountId,
        accountPath,
        keyId: '',
        credentialId: '',
        prefixIds: [],
        identity: nameOf(endpoint),
        limits,
        review: async () => ({ kind: 'holds', limits }),
        mayUseChannels: async () => ({ ok: false, problem: noChannels }),
        narrow: narrowNothing,
      },
      // No socket of this node: what it is told goes over the line.
      socketId: `media ${nodeId}`,
      isLeftBehind: false,
      detachedAtMs: 0,
      lastHeardAtMs: nowMs,
      sinceMs: nowMs,
      messageCount: 0,
      messagesSinceMs: nowMs,
    };
  }
}

/** It is a party of a call, and of nothing else. */
const noChannels: Problem = {
  type: '/docs/errors/credential.service_not_allowed',
  code: 'credential.service_not_allowed',
  title: 'A leg of the platform has no part in channels.',
  status: 403,
};

/** It needs no relay: what it sends goes from where it stands, to the relay of whoever calls if need be. */
function narrowNothing(): never {
  throw new Error('A leg of the platform has no credential to narrow.');
}
