import {
  encodeServerFrame,
  type ServerMessage,
  type SignalData,
} from '@patchbay/protocol/signaling/messages';
import type { CallPorts } from './call-ports.ts';
import { discoveryFor } from './ice-servers.ts';
import type { MediaNotice } from './platform.ts';
import { isBridged, type Leg, legsOf, peerOf, type Session } from './session.ts';

/** As long as an SDK keeps a connection when another one takes its place. */
const LINGER_MS = 2_000;

export interface MediaBridgesPorts extends Pick<CallPorts, 'placeMedia' | 'toMedia' | 'changed'> {
  session(sessionId: string): Session | undefined;
  sessions(): Iterable<Session>;
  /** What the media node says to a party, as another party would. */
  say(
    session: Session,
    said: { readonly leg: Leg; readonly generation: number; readonly data: SignalData },
    nowMs: number,
  ): void;
  /** What holds of a leg by orders. */
  controlOf(session: Session, leg: Leg): ServerMessage & { readonly type: 'control' };
  /** The media of the call is gone with its media node. */
  lost(session: Session, nowMs: number): void;
}

/**
 * Calls of two parties whose media goes through a media node (LIV-2): it is the WebRTC peer of each, and sends on to one what the
 * other sends. The parties stay whose they are; the node is no party.
 */
export class MediaBridges {
  readonly #ports: MediaBridgesPorts;

  constructor(ports: MediaBridgesPorts) {
    this.#ports = ports;
  }

  /** From the next generation on its media is to go through a node: the one that it is just leaving, or a free one. False: none is. */
  begin(session: Session): boolean {
    const nodeId = session.bridge?.nodeId ?? this.#ports.placeMedia()?.nodeId;
    if (nodeId === undefined) return false;
    this.#ports.changed(session);
    session.bridge = { nodeId, from: session.generation + 1 };
    return true;
  }

  /** From the next generation on its media goes another way. Until that carries it, this one does. */
  leave(session: Session): void {
    if (session.bridge === undefined) return;
    this.#ports.changed(session);
    session.bridge = { ...session.bridge, to: session.generation + 1 };
  }

  /** Its media goes another way by now. The node is let go a little later: one party may be slower than the other. */
  left(session: Session, nowMs: number): void {
    if (session.bridge?.to === undefined) return;
    this.#ports.changed(session);
    session.bridge = { ...session.bridge, leftAtMs: nowMs };
  }

  tick(session: Session, nowMs: number): void {
    const { leftAtMs } = session.bridge ?? {};
    if (leftAtMs !== undefined && nowMs - leftAtMs >= LINGER_MS) this.drop(session);
  }

  /** Another generation has begun: each end of the bridge makes its side of it. */
  renew(session: Session, reason: string): void {
    const { bridge, sessionId, generation, callee } = session;
    if (bridge === undefined || callee === undefined || !isBridged(session, generation)) return;
    for (const leg of legsOf(session)) {
      const otherLegId = peerOf(session, leg)?.legId ?? '';
      const { legId } = leg;
      const { accountId } = leg.client.principal;
      this.#ports.toMedia(bridge.nodeId, { type: 'bridge', legId, sessionId, accountId, otherLegId });
      this.#tell(session, leg, {
        ...({ type: 'recover', sessionId, generation, initiator: false, mode: 'auto', reason } as const),
        iceServers: discoveryFor(session),
      });
      this.control(session, leg);
    }
  }

  /** A party says something to its peer, which the node is. */
  signal(
    session: Session,
    leg: Leg,
    { generation, data }: { readonly generation: number; readonly data: SignalData },
  ): void {
    this.#tell(session, leg, { type: 'signal', sessionId: session.sessionId, generation, data });
  }

  /** What an order lets a party send holds in the node as well. */
  control(session: Session, leg: Leg): void {
    if (session.bridge !== undefined) this.#tell(session, leg, this.#ports.controlOf(session, leg));
  }

  /** True for what is said of the end of a bridge. */
  hear(notice: MediaNotice, nowMs: number): boolean {
    if (notice.type === 'mediaDead') {
      const on = [...this.#ports.sessions()].filter(({ bridge }) => bridge?.nodeId === notice.nodeId);
      for (const session of on) this.#lose(session, nowMs);
      return false;
    }
    const session = this.#ports.session(notice.sessionId);
    if (session?.bridge?.nodeId !== notice.nodeId) return false;
    const leg = legsOf(session).find(({ legId }) => legId === notice.legId);
    if (leg === undefined) return false;
    if (notice.type === 'mediaLegLost') this.#lose(session, nowMs);
    else if (notice.type === 'mediaFrame' && notice.message.type === 'signal') {
      const { generation, data } = notice.message;
      if (isBridged(session, generation)) this.#ports.say(session, { leg, generation, data }, nowMs);
    }
    return true;
  }

  /** Its media goes another way, or it is over. */
  drop(session: Session): void {
    const { bridge, sessionId } = session;
    if (bridge === undefined) return;
    this.#ports.changed(session);
    session.bridge = undefined;
    for (const { legId, client } of legsOf(session))
      this.#ports.toMedia(bridge.nodeId, {
        ...{ type: 'unbridge', legId, sessionId, accountId: client.principal.accountId },
      });
  }

  #lose(session: Session, nowMs: number): void {
    const isLeaving = session.bridge?.to !== undefined;
    this.drop(session);
    // What comes in its place is on its way already.
    if (!isLeaving) this.#ports.lost(session, nowMs);
  }

  #tell({ bridge, sessionId }: Session, { legId, client }: Leg, message: ServerMessage): void {
    if (bridge === undefined) return;
    const { accountId } = client.principal;
    const source = encodeServerFrame({ ...message, sequence: 0 });
    this.#ports.toMedia(bridge.nodeId, { type: 'frame', legId, sessionId, accountId, source, isLast: false });
  }
}
