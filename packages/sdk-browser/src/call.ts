import { Emitter } from '@patchbay/protocol/client/emitter';
import { endings } from '@patchbay/protocol/signaling/codes';
import { pathOf } from '@patchbay/protocol/signaling/media-path';
import type {
  CallMode,
  EndReason,
  Media,
  MediaPath,
  MediaTransport,
  ServerFrame,
  ServerMessageOf,
  SignalData,
} from '@patchbay/protocol/signaling/messages';
import { PatchbayError } from '@patchbay/sdk';
import { capture, type LocalMedia } from './local-media.ts';
import type { CreatePeerTransport, PeerTransport } from './peer-transport.ts';
import { hasMedia, type Quality, type QualityBaseline, sampleQuality } from './quality.ts';
import { RemoteTrack } from './remote-track.ts';
import type { SignalConnection } from './signal-connection.ts';

/** How long the first attempt may take before a relay is asked for, and every later one before the next (QUE-5). */
const directTimeoutMs = 4_000;
const relayedTimeoutMs = 8_000;
/** An interruption this long is not waited out: ICE itself would take 15 seconds to give up (LIV-3). */
const interruptionMsMax = 1_500;
/** The connection before is kept this long, for what is still on its way. */
const overlapMs = 500;
/** A new connection in the place of one that carries media is shown once it does so as well, or after this long. */
const firstMediaMsMax = 1_500;
/** Where nothing is lost: the other party may be that much later than this one. */
const plannedOverlapMs = firstMediaMsMax + overlapMs;
const firstMediaPollMs = 20;
const qualityIntervalMs = 2_000;

export type CallState = 'ringing' | 'connecting' | 'connected' | 'reconnecting' | 'ended';

export interface CallEvents {
  /** Media flows for the first time. */
  connected: { readonly path: MediaPath; readonly transport: MediaTransport };
  /** Media is interrupted, or the platform is away while media flows on: the call waits for both. */
  reconnecting: { readonly reason: string };
  reconnected: { readonly path: MediaPath; readonly transport: MediaTransport };
  /** Media goes another way than before, and nothing of it was lost. */
  pathChanged: { readonly path: MediaPath; readonly transport: MediaTransport };
  trackSubscribed: RemoteTrack;
  qualityChanged: Quality;
  /** The platform sent the call on, and somebody else has answered. */
  peerChanged: { readonly peer: string };
  /** What the other party sends: it muted itself, or shares its screen. */
  mediaChanged: Media;
  /** The account whose call it is holds it, or lets it go on: while it is held nothing is sent or played. */
  holdChanged: { readonly isHeld: boolean };
  /** What the platform does not let this party send, and what of the other it does not play. */
  muteChanged: { readonly muted: Media; readonly peerMuted: Media };
  limitReached: { readonly limit: string; readonly outcome: string };
  /** The last event of a call. `reason.helpUrl` is the page about `reason.code`. */
  disconnected: EndReason;
  stateChanged: CallState;
}

type Control = Pick<ServerMessageOf<'control'>, 'held' | 'muted' | 'peerMuted'>;
const nothing: Media = { audio: false, video: false, screen: false };
const everything: Media = { audio: true, video: true, screen: true };
const isSame = (one: Media, other: Media) =>
  one.audio === other.audio && one.video === other.video && one.screen === other.screen;

interface Generation {
  readonly number: number;
  readonly transport: PeerTransport;
  readonly tracks: Map<string, MediaStreamTrack>;
  isConnected: boolean;
  /** Nothing comes by it at present, or nothing any more. */
  isInterrupted: boolean;
  /** Its path is being read. ICE says 'connected' and 'completed' one after the other. */
  isReporting: boolean;
  deadline: ReturnType<typeof setTimeout> | undefined;
}

export interface CallSetup {
  readonly connection: SignalConnection;
  readonly createTransport: CreatePeerTransport;
  readonly local: LocalMedia;
  readonly sessionId: string;
  readonly peer: string;
  readonly remoteMedia: Media;
}

/** One call with one other party. */
export class Call extends Emitter<CallEvents> {
  readonly id: string;
  readonly #setup: CallSetup;
  #remoteTrackList: readonly RemoteTrack[] = [];
  readonly #remoteTracks = new Map<'audio' | 'video', RemoteTrack>();
  /** Peer connections by generation. More than one only while the newest takes over. */
  readonly #generations = new Map<number, Generation>();
  #state: CallState = 'ringing';
  #newest = -1;
  #mode: CallMode = 'auto';
  #initiator = false;
  #peer: string;
  #remoteMedia: Media;
  #quality: Quality | undefined;
  #baseline: { readonly generation: number; readonly counters: QualityBaseline } | undefined;
  #sampler: ReturnType<typeof setInterval> | undefined;
  #interruption: ReturnType<typeof setTimeout> | undefined;
  #endReason: EndReason | undefined;
  /** Which way media last flowed. */
  #reached: Pick<CallEvents['connected'], 'path' | 'transport'> | undefined;
  #control: Control = { held: false, muted: nothing, peerMuted: nothing };
  #isMediaAway = false;
  #isSignalingAway = false;

  constructor(setup: CallSetup) {
    super();
    this.#setup = setup;
    this.id = setup.sessionId;
    this.#peer = setup.peer;
    this.#remoteMedia = setup.remoteMedia;
  }

  /** Identity of the other party. Another one, after `peerChanged`: the platform sent the call on. */
  get peer(): string {
    return this.#peer;
  }

  get state(): CallState {
    return this.#state;
  }

  /** What this party sends. The same stream for the whole call; its tracks change with devices and screen. */
  get localStream(): MediaStream {
    return this.#setup.local.stream;
  }

  /** The same list until a track is added, so that a renderer may compare it. */
  get remoteTracks(): readonly RemoteTrack[] {
    return this.#remoteTrackList;
  }

  get remoteMedia(): Media {
    return this.#remoteMedia;
  }

  get localMedia(): Media {
    return this.#setup.local.media;
  }

  /** The latest sample, every 2 seconds while connected. */
  get quality(): Quality | undefined {
    return this.#quality;
  }

  /** True while the account whose call it is holds it (LIV-1): nothing is sent or played, and the call goes on. */
  get isHeld(): boolean {
    return this.#control.held;
  }

  /** What the platform does not let this party send. `mute` and `unmute` say what is sent when it does again. */
  get mutedMedia(): Media {
    return this.#control.muted;
  }

  get endReason(): EndReason | undefined {
    return this.#endReason;
  }

  get isSharingScreen(): boolean {
    return this.#setup.local.isSharingScreen;
  }

  /** Counts the peer connections of this call from 0: a higher one means that media was re-established. */
  get generation(): number {
    return this.#newest;
  }

  hangUp(): void {
    if (this.#state === 'ended') return;
    this.#setup.connection.send({ type: 'hangup', sessionId: this.id });
    const code = 'signaling.hung_up';
    this.end({ code, helpUrl: this.#setup.connection.helpUrlOf(code), detail: 'This party hung up.' });
  }

  mute(kind: 'audio' | 'video'): void {
    this.#enable(kind, false);
  }

  unmute(kind: 'audio' | 'video'): void {
    this.#enable(kind, true);
  }

  isMuted(kind: 'audio' | 'video'): boolean {
    return this.#setup.local.trackOf(kind)?.enabled !== true;
  }

  /** Sends from another camera or microphone, without a new negotiation. Also turns on a camera that was not on. */
  async chooseDevice(kind: 'audio' | 'video', deviceId?: string): Promise<void> {
    const constraint = deviceId === undefined ? true : { deviceId: { exact: deviceId } };
    const stream = await capture({ [kind]: constraint });
    const track = stream.getTracks()[0];
    if (track === undefined)
      throw new PatchbayError({ code: 'client.device_missing', message: 'The device gave no track.' });
    if (this.#state === 'ended') {
      track.stop();
      return;
    }
    const wasSending = this.#setup.local.trackOf(kind) !== undefined;
    const former = this.#setup.local.adopt(track);
    if (former !== undefined || !wasSending) this.#send(former, track);
    this.#announceMedia();
  }

  /** Asks which screen, and sends it in place of the camera until `stopSharingScreen` or the browser's own button. */
  async shareScreen(): Promise<void> {
    if (this.isSharingScreen) return;
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({ video: true });
    } catch (cause) {
      const message = 'The person or the browser did not allow sharing the screen.';
      throw new PatchbayError({ code: 'client.screen_denied', message }, { cause });
    }
    const track = stream.getVideoTracks()[0];
    if (track === undefined) return;
    if (this.#state === 'ended') {
      track.stop();
      return;
    }
    track.onended = () => this.stopSharingScreen();
    this.#send(this.#setup.local.beginScreen(track), track);
    this.#announceMedia();
  }

  stopSharingScreen(): void {
    if (!this.isSharingScreen) return;
    const screen = this.#setup.local.endScreen();
    const camera = this.#setup.local.trackOf('video');
    if (screen !== undefined && camera !== undefined) this.#send(screen, camera);
    this.#announceMedia();
  }

  /** The browser's own statistics of the peer connection in use (W3C webrtc-stats). */
  async getStats(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#inUse()?.transport.getStats()) ?? [];
  }

  /** @internal A frame of the platform about this call. */
  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'started':
        this.#start(frame);
        break;
      case 'recover':
        this.#recover(frame);
        break;
      case 'signal':
        this.#generations.get(frame.generation)?.transport.signal(frame.data);
        break;
      case 'media': {
        const { audio, video, screen } = frame;
        this.#remoteMedia = { audio, video, screen };
        this.#playAsAllowed();
        this.emit('mediaChanged', this.#remoteMedia);
        break;
      }
      case 'control':
        this.#obey(frame);
        break;
      case 'limitReached':
        this.#reachLimit(frame);
        break;
      case 'ended':
        this.end(frame.reason);
        break;
      default:
        break;
    }
  }

  /** @internal A call that flows goes on without signaling, for as long as both may last. */
  signalingIs(what: 'there' | 'away'): void {
    this.#isSignalingAway = what === 'away';
    if (this.#isSignalingAway) this.#reconnecting('signaling_away');
    else this.#settle();
  }

  #obey({ held, muted, peerMuted }: ServerMessageOf<'control'>): void {
    const before = this.#control;
    this.#control = { held, muted, peerMuted };
    this.#setup.local.withhold(held ? everything : muted);
    this.#playAsAllowed();
    if (held !== before.held) this.emit('holdChanged', { isHeld: held });
    if (!isSame(muted, before.muted) || !isSame(peerMuted, before.peerMuted))
      this.emit('muteChanged', { muted, peerMuted });
  }

  /** Sound or picture that is not to be played stays attached, and is silent or black. */
  #playAsAllowed(): void {
    const { held, peerMuted } = this.#control;
    const picture = this.#remoteMedia.screen ? peerMuted.screen : peerMuted.video;
    for (const [kind, { mediaStreamTrack }] of this.#remoteTracks)
      mediaStreamTrack.enabled = !held && !(kind === 'audio' ? peerMuted.audio : picture);
  }

  #reconnecting(reason: string): void {
    if (this.#state !== 'connected') return;
    this.#setState('reconnecting');
    this.emit('reconnecting', { reason });
  }

  /** Connected again, if nothing is missing. */
  #settle(): void {
    if (this.#state !== 'reconnecting' || this.#isMediaAway || this.#isSignalingAway) return;
    if (this.#reached === undefined) return;
    this.#setState('connected');
    this.emit('reconnected', this.#reached);
  }

  /** @internal */
  end(reason: EndReason): void {
    if (this.#state === 'ended') return;
    clearInterval(this.#sampler);
    clearTimeout(this.#interruption);
    for (const generation of [...this.#generations.values()]) this.#drop(generation);
    for (const track of this.#remoteTracks.values()) track.detach();
    this.#setup.local.stop();
    this.#endReason = reason;
    this.#setState('ended');
    this.emit('disconnected', reason);
  }

  #start(frame: ServerMessageOf<'started'>): void {
    if (this.#state === 'ended') return;
    this.#remoteMedia = frame.media;
    this.#initiator = frame.initiator;
    this.#setState('connecting');
    this.#open(frame);
    this.#announceMedia();
  }

  #recover(frame: ServerMessageOf<'recover'>): void {
    if (this.#state === 'ended' || frame.generation <= this.#newest) return;
    this.#initiator = frame.initiator;
    // What is planned takes over from a connection that carries media until then: nobody notices.
    if (frame.isPlanned !== true || this.#inUse()?.isInterrupted !== false) {
      this.#isMediaAway = true;
      this.#reconnecting(frame.reason);
    }
    const { peer, media = this.#remoteMedia } = frame;
    this.#remoteMedia = media;
    this.#open(frame);
    if (peer === undefined || peer === this.#peer) return;
    this.#peer = peer;
    this.emit('peerChanged', { peer });
  }

  /** Makes the peer connection of a generation. The one before goes on until this one is connected. */
  #open(frame: Pick<ServerMessageOf<'recover'>, 'generation' | 'iceServers' | 'mode'>): void {
    const { generation: number } = frame;
    const abandoned = [...this.#generations.values()].filter((each) => !each.isConnected);
    for (const each of abandoned) this.#drop(each);
    clearTimeout(this.#interruption);
    this.#newest = number;
    this.#mode = frame.mode;
    const isFirstDirect = number === 0 && this.#mode === 'auto';
    const transport = this.#setup.createTransport({
      initiator: this.#initiator,
      iceServers: frame.iceServers,
      isRelayOnly: this.#mode === 'relay',
      stream: this.localStream,
      onSignal: (data) => this.#sendSignal(number, data),
      onTrack: (track) => this.#receiveTrack(number, track),
      onConnected: () => this.#connected(number),
      onInterrupted: () => this.#interrupted(number),
      onFailed: () => this.#failed(number),
    });
    const deadline = setTimeout(
      () => this.#askForNext(number, 'timeout'),
      isFirstDirect ? directTimeoutMs : relayedTimeoutMs,
    );
    this.#generations.set(number, {
      number,
      transport,
      tracks: new Map(),
      isConnected: false,
      isInterrupted: false,
      isReporting: false,
      deadline,
    });
  }

  #sendSignal(generation: number, data: SignalData): void {
    this.#setup.connection.send({ type: 'signal', sessionId: this.id, generation, data });
  }

  #receiveTrack(number: number, track: MediaStreamTrack): void {
    const generation = this.#generations.get(number);
    if (generation === undefined) return;
    generation.tracks.set(track.kind, track);
    // Before there is anything else to show, a track is shown at once; later, when its connection takes over.
    const isFirst = !this.#remoteTracks.has(track.kind === 'audio' ? 'audio' : 'video');
    if (generation.isConnected || isFirst) this.#show(track);
  }

  #show(track: MediaStreamTrack): void {
    const kind = track.kind === 'audio' ? 'audio' : 'video';
    const shown = this.#remoteTracks.get(kind);
    if (shown !== undefined) {
      if (shown.mediaStreamTrack !== track) shown.replace(track);
      this.#playAsAllowed();
      return;
    }
    const subscribed = new RemoteTrack(track);
    this.#remoteTracks.set(kind, subscribed);
    this.#remoteTrackList = [...this.#remoteTracks.values()];
    this.#playAsAllowed();
    this.emit('trackSubscribed', subscribed);
  }

  #connected(number: number): void {
    const generation = this.#generations.get(number);
    if (generation === undefined || number !== this.#newest) return;
    clearTimeout(this.#interruption);
    const isNew = !generation.isConnected;
    if (generation.isReporting || (!isNew && !this.#isMediaAway)) return;
    const former = this.#inUse();
    generation.isConnected = true;
    generation.isInterrupted = false;
    clearTimeout(generation.deadline);
    if (isNew) {
      // Where the one before carries media still, it does until the new one does.
      if (former === undefined || this.#isMediaAway) this.#takeOver(generation, overlapMs);
      else void this.#followWithMedia(generation);
    }
    void this.#report(generation);
  }

  async #followWithMedia(generation: Generation): Promise<void> {
    const { transport, tracks, number } = generation;
    const endMs = performance.now() + firstMediaMsMax;
    while (performance.now() < endMs && number === this.#newest && !this.#isMediaAway) {
      const reports = await transport.getStats().catch(() => []);
      if ([...tracks.keys()].every((kind) => hasMedia(reports, kind))) break;
      await new Promise((resolve) => setTimeout(resolve, firstMediaPollMs));
    }
    if (number === this.#newest && this.#state !== 'ended') this.#takeOver(generation, plannedOverlapMs);
  }

  #takeOver(generation: Generation, keptMs: number): void {
    for (const track of generation.tracks.values()) this.#show(track);
    const before = [...this.#generations.values()].filter((each) => each.number < generation.number);
    setTimeout(() => {
      for (const each of before) this.#drop(each);
    }, keptMs);
  }

  /** Says which way the packets go, to the platform and to the page. */
  async #report(generation: Generation): Promise<void> {
    const { number, transport } = generation;
    generation.isReporting = true;
    const reports = await transport.getStats().catch(() => []);
    generation.isReporting = false;
    const way = pathOf(reports) ?? { path: 'direct', transport: 'unknown' };
    if (number !== this.#newest || this.#state === 'ended') return;
    const reached = { path: way.path, transport: way.transport };
    this.#setup.connection.send({ type: 'connected', sessionId: this.id, generation: number, ...reached });
    // The rates of the first sample are of the time since now.
    const counters = sampleQuality(reports, undefined, Date.now())?.baseline;
    this.#baseline = counters === undefined ? undefined : { generation: number, counters };
    const before = this.#reached;
    this.#reached = reached;
    const wasMediaAway = this.#isMediaAway;
    this.#isMediaAway = false;
    if (before === undefined) {
      this.#setState('connected');
      this.emit('connected', reached);
      if (this.#isSignalingAway) this.#reconnecting('signaling_away');
    } else {
      this.#settle();
      const isOther = before.path !== reached.path || before.transport !== reached.transport;
      if (!wasMediaAway && isOther) this.emit('pathChanged', reached);
    }
    this.#sampler ??= setInterval(() => void this.#sample(), qualityIntervalMs);
  }

  #interrupted(number: number): void {
    const generation = this.#generations.get(number);
    if (generation?.isConnected !== true || generation !== this.#inUse()) return;
    generation.isInterrupted = true;
    this.#isMediaAway = true;
    this.#reconnecting('interrupted');
    // The next one is on its way already.
    if (number !== this.#newest) return;
    clearTimeout(this.#interruption);
    this.#interruption = setTimeout(() => this.#askForNext(number, 'interrupted'), interruptionMsMax);
  }

  #failed(number: number): void {
    const generation = this.#generations.get(number);
    if (generation === undefined) return;
    clearTimeout(generation.deadline);
    const wasInUse = generation === this.#inUse();
    this.#generations.delete(number);
    if (this.#state === 'ended' || (number !== this.#newest && !wasInUse)) return;
    if (generation.isConnected && this.#isSignalingAway) {
      // Nothing is left of it, and nobody is there to begin anew with.
      this.#setup.connection.send({ type: 'hangup', sessionId: this.id, reason: 'media_failed' });
      const code = 'signaling.media_failed';
      this.end({ code, helpUrl: this.#setup.connection.helpUrlOf(code), detail: endings[code] });
      return;
    }
    // One that never carried anything is missed by nobody while another one does.
    if (this.#inUse()?.isInterrupted !== false) {
      this.#isMediaAway = true;
      this.#reconnecting('failed');
    }
    this.#askForNext(number, 'failed');
  }

  /** The platform answers with `recover`: a new generation, with a relay where there is one. */
  #askForNext(generation: number, reason: string): void {
    if (generation !== this.#newest || this.#state === 'ended') return;
    this.#setup.connection.send({ type: 'relayNeeded', sessionId: this.id, generation, reason });
  }

  async #sample(): Promise<void> {
    const generation = this.#inUse();
    if (generation === undefined) return;
    const before = this.#baseline?.generation === generation.number ? this.#baseline.counters : undefined;
    const sampled = sampleQuality(await generation.transport.getStats().catch(() => []), before, Date.now());
    if (sampled === undefined || this.#state !== 'connected' || generation.number !== this.#newest) return;
    this.#baseline = { generation: generation.number, counters: sampled.baseline };
    this.#quality = sampled.quality;
    const { level: _level, transport: _transport, frameHeightPixels: _height, ...sample } = sampled.quality;
    this.#setup.connection.send({
      type: 'quality',
      sessionId: this.id,
      generation: generation.number,
      ...sample,
    });
    this.emit('qualityChanged', sampled.quality);
  }

  #reachLimit({ limit, outcome }: ServerMessageOf<'limitReached'>): void {
    this.emit('limitReached', { limit, outcome });
    if (outcome !== 'downgrade') return;
    this.stopSharingScreen();
    this.mute('video');
  }

  #enable(kind: 'audio' | 'video', enabled: boolean): void {
    if (this.#setup.local.want(kind, enabled)) this.#announceMedia();
  }

  #send(former: MediaStreamTrack | undefined, track: MediaStreamTrack): void {
    for (const { transport } of this.#generations.values()) {
      if (former === undefined) transport.addTrack(track, this.localStream);
      else transport.replaceTrack(former, track, this.localStream);
    }
  }

  #announceMedia(): void {
    if (this.#state === 'ringing' || this.#state === 'ended') return;
    this.#setup.connection.send({ type: 'media', sessionId: this.id, ...this.#setup.local.media });
  }

  #inUse(): Generation | undefined {
    const connected = [...this.#generations.values()].filter(({ isConnected }) => isConnected);
    return connected.at(-1);
  }

  #drop(generation: Generation): void {
    clearTimeout(generation.deadline);
    this.#generations.delete(generation.number);
    generation.transport.destroy();
  }

  #setState(state: CallState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state);
  }
}
