import { pathOf, type StatsReport } from '@patchbay/protocol/signaling/media-path';
import type { IceServer, MediaTransport, SignalData } from '@patchbay/protocol/signaling/messages';
import type { Wrtc } from './wrtc.ts';

/** A description of a call has some kilobytes. What is longer would only make work. */
const SDP_CHARACTERS_MAX = 20_000;
const EARLY_CANDIDATES_MAX = 64;

export interface LegPeerOptions {
  readonly wrtc: Wrtc;
  readonly iceServers: readonly IceServer[];
  readonly track: MediaStreamTrack;
  readonly onSignal: (data: SignalData) => void;
  readonly onSound: (track: MediaStreamTrack) => void;
  readonly onState: (state: 'connected' | 'failed') => void;
}

/** The answering side of one peer connection: sound both ways, and nothing else of what is offered. */
export class LegPeer {
  readonly #options: LegPeerOptions;
  readonly #connection: RTCPeerConnection;
  /** Candidates that came before the description they belong to. */
  readonly #early: RTCIceCandidateInit[] = [];
  /** Signals are worked on one after another: a candidate must not overtake its offer. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LegPeerOptions) {
    this.#options = options;
    const { wrtc, iceServers, track, onSignal, onSound } = options;
    this.#connection = new wrtc.RTCPeerConnection({
      iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })) as RTCIceServer[],
    });
    this.#connection.addTrack(track, new wrtc.MediaStream([track]));
    this.#connection.ontrack = (event) => {
      if (event.track.kind === 'audio') onSound(event.track);
    };
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
    this.#work = this.#work
      .then(() => (this.#isClosed ? undefined : this.#accept(data)))
      .catch(() => {
        // A description or candidate that does not fit: ICE decides whether the connection can live without it.
        if (!this.#isClosed && this.#connection.remoteDescription === null) this.#options.onState('failed');
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
    // A picture that nobody looks at would still be decoded.
    for (const transceiver of this.#connection.getTransceivers())
      if (transceiver.receiver.track.kind === 'video') transceiver.direction = 'inactive';
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
