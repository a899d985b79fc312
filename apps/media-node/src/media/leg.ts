import { DtmfDetector } from '@patchbay/dsp/dtmf';
import {
  type ClientMessage,
  decodeServerFrame,
  encodeClientFrame,
  type ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import { LegPeer } from './leg-peer.ts';
import { RoomRun } from './room-run.ts';
import type { OpenRoomWay } from './room-way.ts';
import type { ShardReport, ShardWord } from './shard-words.ts';
import { FRAME_SAMPLES, RATE_HZ, SoundRun } from './sound-run.ts';
import type { AudioSink, AudioSource, PcmFrame, Wrtc } from './wrtc.ts';

/** A leg whose sound is not connected for so long, at the beginning or later, is given up. */
export const UNCONNECTED_MS_MAX = 30_000;

/** One that carries sound, one that is about to, and one in whose place that came. */
const GENERATIONS_MAX = 3;

interface Generation {
  readonly number: number;
  readonly peer: LegPeer;
  sink: AudioSink | undefined;
  isConnected: boolean;
}

export interface LegOptions {
  readonly leg: string;
  readonly wrtc: Wrtc;
  readonly report: (report: ShardReport) => void;
  readonly openRoomWay: OpenRoomWay;
  readonly nowMs: number;
}

/** One leg in a shard: the party that a caller talks to. It outlives its peer connections, of which each has a generation. */
export class Leg {
  readonly #options: LegOptions;
  readonly #source: AudioSource;
  readonly #track: MediaStreamTrack;
  #sessionId = '';
  /** The last one carries sound, or is about to; those before it go when it does. */
  #generations: Generation[] = [];
  #run: { readonly number: number; readonly sound: SoundRun | RoomRun } | undefined;
  #detector: { readonly rateHz: number; readonly dtmf: DtmfDetector } | undefined;
  #heard: Int16Array | undefined;
  #unconnectedSinceMs: number | undefined;
  /** By the word of whoever controls the session (LIV-1). */
  #isHeld = false;
  #isMuted = false;
  #isPeerMuted = false;

  constructor(options: LegOptions) {
    this.#options = options;
    this.#source = new options.wrtc.nonstandard.RTCAudioSource();
    this.#track = this.#source.createTrack();
    this.#unconnectedSinceMs = options.nowMs;
  }

  hear(source: string): void {
    const decoded = decodeServerFrame(source);
    if (!decoded.ok) return;
    const { frame } = decoded;
    if (frame.type === 'started' || frame.type === 'recover') this.#begin(frame);
    else if (frame.type === 'control') {
      this.#isHeld = frame.held;
      this.#isMuted = frame.muted.audio;
      this.#isPeerMuted = frame.peerMuted.audio;
    } else if (frame.type === 'signal')
      this.#generations.find(({ number }) => number === frame.generation)?.peer.signal(frame.data);
  }

  sound({ number, clips, gather }: Extract<ShardWord, { type: 'sound' }>): void {
    this.#begins(number, new SoundRun(clips, gather));
  }

  room({ number, wait, leaveOn }: Extract<ShardWord, { type: 'room' }>): void {
    const { leg, report, openRoomWay } = this.#options;
    const onOpen = (port: number) => report({ type: 'room-way', leg, number, port });
    this.#begins(number, new RoomRun({ open: openRoomWay, onOpen, wait, leaveOn }));
  }

  /** Of an order that is over, nothing is done. */
  roomMixed({ number, address }: Extract<ShardWord, { type: 'room-mixed' }>): void {
    const run = this.#run;
    if (run?.number !== number || !(run.sound instanceof RoomRun)) return;
    if (address === undefined) run.sound.wait();
    else run.sound.enter(address);
  }

  roomOver({ number }: Extract<ShardWord, { type: 'room-over' }>): void {
    if (this.#run?.number === number) this.#endRun();
  }

  /** Called each 10 ms. What is to be played waits until somebody can hear it. */
  tick(nowMs: number): void {
    if (this.#unconnectedSinceMs !== undefined) {
      if (nowMs - this.#unconnectedSinceMs < UNCONNECTED_MS_MAX) return;
      this.#unconnectedSinceMs = nowMs;
      const { leg, report } = this.#options;
      report({ type: 'lost', leg, detail: 'The sound could not be connected.' });
      return;
    }
    // What is held goes on where it was; what is muted goes on unheard.
    const played = this.#isHeld ? undefined : this.#run?.sound.next(this.#heard);
    const samples = this.#isMuted || played === undefined ? new Int16Array(FRAME_SAMPLES) : played;
    this.#source.onData({ samples, sampleRate: RATE_HZ });
    this.#tellResult();
  }

  close(): void {
    this.#endRun();
    for (const one of this.#generations) close(one);
    this.#generations = [];
    this.#track.stop();
  }

  #begins(number: number, sound: SoundRun | RoomRun): void {
    this.#endRun();
    this.#detector = undefined;
    this.#run = { number, sound };
  }

  #endRun(): void {
    if (this.#run?.sound instanceof RoomRun) this.#run.sound.close();
    this.#run = undefined;
  }

  #begin({
    sessionId,
    generation,
    iceServers,
  }: Pick<ServerMessageOf<'started'>, 'sessionId' | 'generation' | 'iceServers'>): void {
    this.#sessionId = sessionId;
    const { wrtc } = this.#options;
    const entry: Generation = {
      number: generation,
      sink: undefined,
      isConnected: false,
      peer: new LegPeer({
        wrtc,
        iceServers,
        track: this.#track,
        onSignal: (data) => this.#say({ type: 'signal', sessionId, generation, data }),
        onTrack: (track) => {
          if (track.kind === 'audio') this.#listen(entry, track);
        },
        // A picture that nobody looks at would still be decoded.
        takes: (kind) => kind === 'audio',
        onState: (state) => (state === 'connected' ? this.#connected(entry) : this.#failed(entry)),
      }),
    };
    this.#generations.push(entry);
    for (const old of this.#generations.splice(0, this.#generations.length - GENERATIONS_MAX)) close(old);
  }

  #listen(entry: Generation, track: MediaStreamTrack): void {
    entry.sink?.stop();
    entry.sink = new this.#options.wrtc.nonstandard.RTCAudioSink(track);
    entry.sink.ondata = (frame) => this.#hearSound(frame);
  }

  #hearSound({ samples, sampleRate: rateHz }: PcmFrame): void {
    const isDeaf = this.#isHeld || this.#isPeerMuted;
    this.#heard = samples.length === FRAME_SAMPLES && !isDeaf ? samples : undefined;
    if (isDeaf) return;
    const run = this.#run;
    if (run?.sound instanceof RoomRun) run.sound.hear(samples);
    if (run === undefined || !run.sound.isListening) return;
    if (this.#detector?.rateHz !== rateHz) this.#detector = { rateHz, dtmf: new DtmfDetector(rateHz) };
    run.sound.press(this.#detector.dtmf.push(samples));
    this.#tellResult();
  }

  #tellResult(): void {
    const run = this.#run;
    const result = run?.sound.result;
    if (run === undefined || result === undefined) return;
    this.#endRun();
    const { leg, report } = this.#options;
    report({ type: 'sounded', leg, number: run.number, result });
  }

  #connected(entry: Generation): void {
    if (entry.isConnected || entry !== this.#generations.at(-1)) return;
    entry.isConnected = true;
    this.#unconnectedSinceMs = undefined;
    for (const old of this.#generations.slice(0, -1)) close(old);
    this.#generations = [entry];
    const { number: generation } = entry;
    void entry.peer
      .transport()
      .catch(() => 'unknown' as const)
      .then((transport) =>
        this.#say({ type: 'connected', sessionId: this.#sessionId, generation, path: 'direct', transport }),
      );
  }

  #failed(entry: Generation): void {
    if (entry !== this.#generations.at(-1)) return;
    this.#unconnectedSinceMs ??= performance.now();
    const { number: generation } = entry;
    this.#say({ type: 'relayNeeded', sessionId: this.#sessionId, generation, reason: 'media_failed' });
  }

  #say(message: ClientMessage): void {
    const { leg, report } = this.#options;
    try {
      report({ type: 'frame', leg, source: encodeClientFrame({ ...message, sequence: 0 }) });
    } catch (error) {
      // One leg with something that no frame takes is not the end of all that are in this process.
      report({
        type: 'lost',
        leg,
        detail: `It could not say ${message.type}: ${String(error)}`.slice(0, 500),
      });
    }
  }
}

function close({ peer, sink }: Generation): void {
  sink?.stop();
  peer.close();
}
