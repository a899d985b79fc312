import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf, type StatsReport } from '@patchbay/protocol/signaling/media-path';
import type { IceServer, MediaPath, MediaTransport, SignalData } from '@patchbay/protocol/signaling/messages';
import type { Wrtc } from './wrtc.ts';

const NOMINATION_MS_MAX = 2_000;
const NOMINATION_POLL_MS = 50;

export interface ReachedPath {
  readonly path: MediaPath;
  readonly transport: MediaTransport;
}

export interface PeerOptions {
  readonly wrtc: Wrtc;
  readonly initiator: boolean;
  readonly iceServers: readonly IceServer[];
  readonly isRelayOnly: boolean;
  readonly tracks: readonly MediaStreamTrack[];
  readonly onSignal: (data: SignalData) => void;
  readonly onTrack: (track: MediaStreamTrack) => void;
  readonly onState: (state: 'connected' | 'interrupted' | 'failed') => void;
}

/** One peer connection of one generation. Only the initiator makes offers; the other side asks for one. */
export class PeerConnection {
  readonly #options: PeerOptions;
  readonly #connection: RTCPeerConnection;
  /** Candidates that came before the description they belong to. */
  readonly #early: RTCIceCandidateInit[] = [];
  /** Signals are worked on one after another: an answer must not overtake its offer. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    const { RTCPeerConnection, MediaStream } = options.wrtc;
    this.#connection = new RTCPeerConnection({
      iceServers: options.iceServers.map((server) => ({
        ...server,
        urls: [...server.urls],
      })) as RTCIceServer[],
      iceTransportPolicy: options.isRelayOnly ? 'relay' : 'all',
    });
    const stream = new MediaStream([...options.tracks]);
    for (const track of options.tracks) this.#connection.addTrack(track, stream);
    this.#connection.ontrack = ({ track }) => options.onTrack(track);
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) options.onSignal(candidateSignal(candidate));
    };
    this.#connection.oniceconnectionstatechange = () => this.#reportState();
    if (options.initiator) this.#enqueue(() => this.#offer());
  }

  signal(data: SignalData): void {
    this.#enqueue(() => this.#accept(data));
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }

  /**
   * Which way the packets of the selected pair go. ICE is connected as soon as a check succeeded, and nominates a pair
   * after that (RFC 8445 §8.1.1): the answer waits for it, for 2 seconds at most.
   */
  async path(): Promise<ReachedPath> {
    for (let left = NOMINATION_MS_MAX / NOMINATION_POLL_MS; left > 0 && !this.#isClosed; left -= 1) {
      const way = pathOf(await this.#reports());
      if (way !== undefined) return { path: way.path, transport: way.transport };
      await sleep(NOMINATION_POLL_MS);
    }
    return { path: 'direct', transport: 'unknown' };
  }

  async #reports(): Promise<readonly StatsReport[]> {
    const reports: StatsReport[] = [];
    (await this.#connection.getStats()).forEach((report) => {
      reports.push(report);
    });
    return reports;
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#isClosed ? undefined : step()))
      .catch(() => {
        // A description or candidate that does not fit: ICE decides whether the connection can live without it.
        if (!this.#isClosed && this.#connection.remoteDescription === null) this.#options.onState('failed');
      });
  }

  async #offer(): Promise<void> {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    this.#sendDescription();
  }

  async #accept(data: SignalData): Promise<void> {
    if (data.kind === 'candidate') await this.#addCandidate(data);
    else if (data.kind === 'description') await this.#acceptDescription(data);
    else if (this.#options.initiator) {
      if (data.kind === 'transceiver') this.#connection.addTransceiver(data.media);
      await this.#offer();
    }
  }

  async #addCandidate({
    candidate,
    sdpMid,
    sdpMLineIndex,
  }: SignalData & { kind: 'candidate' }): Promise<void> {
    const init: RTCIceCandidateInit = {
      candidate,
      sdpMid: sdpMid ?? null,
      sdpMLineIndex: sdpMLineIndex ?? null,
    };
    if (this.#connection.remoteDescription === null) this.#early.push(init);
    else await this.#connection.addIceCandidate(init);
  }

  async #acceptDescription({ type, sdp }: SignalData & { kind: 'description' }): Promise<void> {
    await this.#connection.setRemoteDescription({ type, sdp });
    for (const candidate of this.#early.splice(0)) await this.#connection.addIceCandidate(candidate);
    if (type !== 'offer') return;
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    this.#sendDescription();
    this.#askForRoom();
  }

  /** Tracks for which the offer had no place: the initiator is asked to offer one. */
  #askForRoom(): void {
    for (const { sender, mid } of this.#connection.getTransceivers()) {
      const kind = sender.track?.kind;
      if (mid !== null || (kind !== 'audio' && kind !== 'video')) continue;
      this.#options.onSignal({ kind: 'transceiver', media: kind });
    }
  }

  #sendDescription(): void {
    const description = this.#connection.localDescription;
    if (description === null) return;
    this.#options.onSignal({ kind: 'description', type: description.type, sdp: description.sdp });
  }

  #reportState(): void {
    const state = this.#connection.iceConnectionState;
    if (this.#isClosed) return;
    if (state === 'connected' || state === 'completed') this.#options.onState('connected');
    else if (state === 'disconnected') this.#options.onState('interrupted');
    else if (state === 'failed') this.#options.onState('failed');
  }
}

function candidateSignal({ candidate, sdpMid, sdpMLineIndex }: RTCIceCandidate): SignalData {
  return {
    kind: 'candidate',
    candidate,
    ...(sdpMid === null ? {} : { sdpMid }),
    ...(sdpMLineIndex === null ? {} : { sdpMLineIndex }),
  };
}
