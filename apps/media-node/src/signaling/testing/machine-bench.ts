import {
  type ClientMessage,
  decodeServerFrame,
  isTransient,
  protocolVersion,
  type ServerFrame,
  type ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import type { PlatformNotice } from '../platform.ts';
import { type Input, SessionMachine } from '../session-machine.ts';
import { type MemoryCredential, MemoryPlatform } from './memory-platform.ts';

type FrameOf<Type extends ServerMessage['type']> = Extract<ServerFrame, { type: Type }>;

/** The machine with clients around it, and a clock that only a test moves. */
export class MachineBench {
  readonly platform = new MemoryPlatform();
  readonly drops: string[] = [];
  readonly closed = new Map<string, number>();
  readonly received = new Map<string, ServerFrame[]>();
  readonly machine: SessionMachine;
  nowMs = 1_000_000;
  #count = 0;

  constructor() {
    this.machine = new SessionMachine({
      region: 'eu',
      helpUrl: (code) => `/docs/errors/${code}`,
      placeRelay: () => this.platform.placeRelay(),
      newId: (prefix) => `${prefix}_${++this.#count}`,
    });
  }

  feed(input: Input): void {
    for (const action of this.machine.handle(input, this.nowMs)) {
      if (action.type === 'send') {
        const decoded = decodeServerFrame(action.source);
        if (!decoded.ok) throw new Error(decoded.detail);
        this.framesOf(action.socketId).push(decoded.frame);
      } else if (action.type === 'close') {
        this.closed.set(action.socketId, action.code);
        this.feed({ type: 'closed', socketId: action.socketId, isFinal: false });
      } else if (action.type === 'authenticate') {
        this.platform.continued.push(action.context.continuesCredentialId);
        const authentication = this.platform.verify(action.token);
        this.feed({ type: 'verified', socketId: action.socketId, authentication });
      } else if (action.type === 'recordUsage') this.platform.recordUsage(action.record);
      else if (action.type === 'appendSessionEvent') this.platform.appendSessionEvent(action.event);
      else this.drops.push(action.reason);
    }
  }

  framesOf(socketId: string): ServerFrame[] {
    const frames = this.received.get(socketId) ?? [];
    this.received.set(socketId, frames);
    return frames;
  }

  tell(notice: PlatformNotice): void {
    this.feed({ type: 'notice', notice });
  }

  /** Lets time pass in steps of the shell's tick. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + 250);
      this.feed({ type: 'tick' });
    }
  }

  open(): string {
    const socketId = `socket-${++this.#count}`;
    this.feed({ type: 'opened', socketId, sourceIp: '192.0.2.1' });
    return socketId;
  }

  connect(credential: MemoryCredential): BenchClient {
    const client = new BenchClient(this, this.platform.token(credential));
    client.authenticate();
    return client;
  }
}

/** One SDK as the machine sees it. */
export class BenchClient {
  readonly #bench: MachineBench;
  token: string;
  socketId: string;
  resumeToken = '';
  lastSequence = 0;
  #sequence = 0;

  constructor(bench: MachineBench, token: string) {
    this.#bench = bench;
    this.token = token;
    this.socketId = bench.open();
  }

  get frames(): readonly ServerFrame[] {
    return this.#bench.framesOf(this.socketId);
  }

  authenticate(): void {
    const resumption =
      this.resumeToken === '' ? {} : { resumeToken: this.resumeToken, lastSequence: this.lastSequence };
    this.send({ type: 'authenticate', token: this.token, protocolVersion, ...resumption });
    const welcome = this.last('authenticated');
    this.resumeToken = welcome.resumeToken;
  }

  send(message: ClientMessage): void {
    if (!isTransient(message.type)) this.#sequence += 1;
    this.#bench.feed({
      type: 'frame',
      socketId: this.socketId,
      frame: { ...message, sequence: this.#sequence },
    });
  }

  /** Loses the WebSocket. `final` says goodbye. */
  lose(final = false): void {
    for (const frame of this.frames) {
      if (!isTransient(frame.type)) this.lastSequence = Math.max(this.lastSequence, frame.sequence);
    }
    this.#bench.feed({ type: 'closed', socketId: this.socketId, isFinal: final });
  }

  comeBack(): void {
    this.socketId = this.#bench.open();
    this.authenticate();
  }

  all<Type extends ServerMessage['type']>(type: Type): readonly FrameOf<Type>[] {
    return this.frames.filter((frame): frame is FrameOf<Type> => frame.type === type);
  }

  last<Type extends ServerMessage['type']>(type: Type): FrameOf<Type> {
    const frame = this.all(type).at(-1);
    if (frame === undefined) {
      throw new Error(`no ${type} frame among: ${this.frames.map((each) => each.type).join(', ')}`);
    }
    return frame;
  }
}

export const audioVideo = { audio: true, video: true, screen: false } as const;
export const audioOnly = { audio: true, video: false, screen: false } as const;

/** Alice calls Bob, and Bob answers. */
export function call(
  alice: BenchClient,
  bob: BenchClient,
  options: { readonly mode?: 'auto' | 'relay'; readonly media?: typeof audioVideo | typeof audioOnly } = {},
): string {
  const { mode = 'auto', media = audioVideo } = options;
  alice.send({ type: 'call', requestId: 'r1', to: 'user:bob', media, mode });
  const { sessionId } = bob.last('incoming');
  bob.send({ type: 'accept', sessionId, media });
  return sessionId;
}
