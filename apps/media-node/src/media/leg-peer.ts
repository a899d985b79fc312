import { pathOf, type StatsReport } from '@patchbay/protocol/signaling/media-path';
import type { IceServer, MediaTransport, SignalData } from '@patchbay/protocol/signaling/messages';
import type { Wrtc } from './wrtc.ts';

/** A description of a call has some kilobytes. What is longer would only make work. */
const SDP_CHARACTERS_MAX = 20_000;
const EARLY_CANDIDATES_MAX = 64;

export interface LegPeerOptions {
  readonly wrtc: Wrtc;
  readonly iceServers: readonly IceServer[];
  /** Sent from the first answer on. */
  readonly track?: MediaStreamTrack;
  readonly onSignal: (data: SignalData) => void;
  readonly onTrack: (track: MediaStreamTrack) => void;
  readonly onState: (state: 'connected' | 'failed') => void;
  /** Whether what is offered of a kind is taken. */
  readonly takes: (kind: string) => boolean;
  /** What else is sent from an answer on, of each kind: asked before it. */
  readonly given?: () => Promise<ReadonlyMap<string, MediaStreamTrack>>;
}

/** The answering side of one peer connection of a media node. Only the other side makes offers. */
export class LegPeer {
  readonly #options: LegPeerOptions;
  readonly #connection: RTCPeerConnection;
  /** What it sends belongs together: a browser plays it as one, and simple-peer tells of no track without a stream. */
  readonly #stream: MediaStream;
  /** Candidates that came before the description they belong to. */
  readonly #early: RTCIceCandidateInit[] = [];
  /** Signals are worked on one after another: a candidate must not overtake its offer. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LegPeerOptions) {
    this.#options = options;
    const { wrtc, iceServers, track, onSignal, onTrack } = options;
    this.#connection = new wrtc.RTCPeerConnection({
      iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })) as RTCIceServer[],
    });
    this.#stream = new wrtc.MediaStream();
    if (track !== undefined) this.#connection.addTrack(track, this.#stream);
    this.#connection.ontrack = (event) => onTrack(event.track);
    this.#connection.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      const { sdpMid, sdpMLineIndex } = candidate;
      onSignal({
        kind: 'candidate',
        candidate: candidate.candidate,
        ...(sdpMid === null ? {} : { sdpMid }),
        ...(sdpMLineIndex === null ? {} : { sdpMLineIndex }),
      });
    };
    this.#connection.oniceconnectionstatechange = () => this.#reportState();
  }

  signal(data: SignalData): void {
    this.#enqueue(() => this.#accept(data));
  }

  /**
   * Sends this from now on, or nothing, in the place of what is sent of its kind. Where the last offer left no place for it,
   * another one is asked for.
   */
  send(kind: 'audio' | 'video', track: MediaStreamTrack | undefined): void {
    this.#enqueue(async () => {
      if (this.#connection.remoteDescription === null) return;
      const place = this.#connection
        .getTransceivers()
        .find(({ mid, receiver }) => mid !== null && receiver.track.kind === kind);
      if (place === undefined) {
        if (track !== undefined) this.#options.onSignal({ kind: 'transceiver', media: kind });
        return;
      }
      const isSending = /send/.test(place.currentDirection ?? '');
      if (isSending) await place.sender.replaceTrack(track ?? null);
      else if (track !== undefined) this.#options.onSignal({ kind: 'renegotiate' });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }

  async transport(): Promise<MediaTransport> {
    const reports: StatsReport[] = [];
    (await this.#connection.getStats()).forEach((report) => {
      reports.push(report);
    });
    return pathOf(reports)?.transport ?? 'unknown';
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#isClosed ? undefined : step()))
      .catch(() => {
        // A description or candidate that does not fit: ICE decides whether the connection can live without it.
        if (!this.#isClosed && this.#connection.remoteDescription === null) this.#options.onState('failed');
      });
  }

  async #accept(data: SignalData): Promise<void> {
    if (data.kind === 'candidate') {
      const { candidate, sdpMid = null, sdpMLineIndex = null } = data;
      const init: RTCIceCandidateInit = { candidate, sdpMid, sdpMLineIndex };
      if (this.#connection.remoteDescription !== null) await this.#connection.addIceCandidate(init);
      else if (this.#early.length < EARLY_CANDIDATES_MAX) this.#early.push(init);
    } else if (data.kind === 'description' && data.type === 'offer') await this.#answer(data.sdp);
  }

  async #answer(sdp: string): Promise<void> {
    if (sdp.length > SDP_CHARACTERS_MAX) throw new Error('The description is too long.');
    await this.#connection.setRemoteDescription({ type: 'offer', sdp });
    for (const candidate of this.#early.splice(0))
      await this.#connection.addIceCandidate(candidate).catch(() => undefined);
    const given = await this.#options.given?.();
    for (const place of this.#connection.getTransceivers()) {
      const { kind } = place.receiver.track;
      const track = given?.get(kind);
      if (!this.#options.takes(kind)) place.direction = 'inactive';
      else if (given !== undefined && place.sender.track !== null)
        await place.sender.replaceTrack(track ?? null);
      // Takes the place that the offer made for its kind (RFC 8829 §3.4.1).
      else if (track !== undefined) this.#connection.addTrack(track, this.#stream);
    }
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    const description = this.#connection.localDescription;
    if (description === null || description.sdp.length > SDP_CHARACTERS_MAX * 2) return;
    this.#options.onSignal({ kind: 'description', type: 'answer', sdp: description.sdp });
  }

  #reportState(): void {
    const state = this.#connection.iceConnectionState;
    if (this.#isClosed) return;
    if (state === 'connected' || state === 'completed') this.#options.onState('connected');
    else if (state === 'failed') this.#options.onState('failed');
  }
}
