import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  type ClientMessage,
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  isTransient,
  protocolVersion,
  type ServerFrame,
  type ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import type { Action, Input } from '../machine-words.ts';
import type { PlatformNotice } from '../platform.ts';
import { foldState, type SavedState, type StateChange } from '../saved-state.ts';
import { SessionMachine } from '../session-machine.ts';
import { type MemoryCredential, MemoryPlatform } from './memory-platform.ts';

type FrameOf<Type extends ServerMessage['type']> = Extract<ServerFrame, { type: Type }>;

/** The machine with clients around it, and a clock that only a test moves. */
export class MachineBench {
  readonly platform = new MemoryPlatform();
  readonly drops: string[] = [];
  readonly closed = new Map<string, number>();
  readonly clients: BenchClient[] = [];
  readonly received = new Map<string, ServerFrame[]>();
  /** What was asked of channels, for the test to answer. */
  readonly asked: Extract<Action, { type: 'askChannel' }>[] = [];
  /** What was asked of presence, for the test to answer. */
  readonly askedPresence: Extract<Action, { type: 'askPresence' }>[] = [];
  /** Of sockets that take no more of channels. */
  readonly slowSocketIds = new Set<string>();
  machine: SessionMachine;
  nowMs = 1_000_000;
  /** Nothing that is sent arrives. */
  isMute = false;
  /** Off: what is asked to be counted waits for the test's answer. */
  isAnsweringClaims = true;
  /** What the machine said of its state, as a file of a store would have it. */
  readonly journal: { readonly atMs: number; readonly changes: readonly StateChange[] }[] = [];
  #count = 0;

  constructor() {
    this.machine = this.#start();
  }

  #start(saved?: SavedState): SessionMachine {
    return new SessionMachine({
      region: 'eu',
      lineage: saved?.lineage ?? `lineage-${++this.#count}`,
      ...(saved === undefined ? {} : { saved }),
      placeRelay: () => this.platform.placeRelay(),
      hasPeers: () => this.platform.hasPeers(),
      narrow: (from) => this.platform.narrow(from),
      placeMedia: (preferred) => this.platform.placeMedia(preferred),
      newId: (prefix) => `${prefix}_${++this.#count}`,
    });
  }

  /** Kills the machine, and starts another some time later on what was saved; or on nothing, if that was lost. */
  die({ forMs = 0, isStateLost = false } = {}): void {
    for (const client of this.clients) client.forget();
    this.nowMs += forMs;
    const read = JSON.parse(JSON.stringify(this.journal)) as typeof this.journal;
    if (isStateLost) this.journal.splice(0);
    this.machine = this.#start(isStateLost ? undefined : foldState('lineage-1', read));
    this.feed({ type: 'tick' });
  }

  feed(input: Input): void {
    const actions = this.machine.handle(input, this.nowMs);
    const changes = this.machine.takeChanges();
    if (changes.length > 0) this.journal.push({ atMs: this.nowMs, changes });
    for (const action of actions) {
      if (action.type === 'send' || action.type === 'deliver') {
        if (action.type === 'deliver' && this.slowSocketIds.has(action.socketId)) {
          this.feed({ type: 'slow', socketId: action.socketId });
          continue;
        }
        if (this.isMute) continue;
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
      } else if (action.type === 'claim') {
        const answer = this.platform.answerOf(action.claim);
        if (this.isAnsweringClaims) this.feed({ type: 'claimed', claimId: action.claimId, answer });
      } else if (action.type === 'findLogic') {
        const found = this.platform.logicFor(action.called);
        this.feed({ type: 'logicFound', sessionId: action.sessionId, found });
      } else if (action.type === 'fetchLogic') {
        const answer = this.platform.documentFor(action.request);
        // What nobody answers waits for the test.
        const { documentNumber } = action.request.session;
        if (answer !== undefined)
          this.feed({ type: 'logicFetched', sessionId: action.sessionId, documentNumber, answer });
      } else if (action.type === 'locate') {
        const devices = this.platform.foundOf(action.called);
        this.feed({ type: 'located', askId: action.askId, devices });
      } else if (action.type === 'toGuest') this.platform.toGuest(action.nodeId, action.word);
      else if (action.type === 'toHome') this.platform.toHome(action.nodeId, action.word);
      else if (action.type === 'askPresence') this.askedPresence.push(action);
      else if (action.type === 'register') this.platform.register(action.registration);
      else if (action.type === 'unregister') this.platform.unregister(action.gone);
      else if (action.type === 'askChannel') this.asked.push(action);
      else if (action.type === 'leaveChannel') this.platform.channels.leave(action.leave);
      else if (action.type === 'releaseChannels') this.platform.channels.release(action.connectionId);
      else if (action.type === 'toMedia') this.platform.toMedia(action.nodeId, action.word);
      else if (action.type === 'answerOrder') this.platform.answerOrder(action.orderId, action.answer);
      else if (action.type === 'release') this.platform.releaseSession(action.sessionId);
      else if (action.type === 'recordUsage') this.platform.recordUsage(action.record);
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

  connect(
    { deviceName, ...credential }: MemoryCredential & { readonly deviceName?: string },
    understands?: readonly string[],
  ): BenchClient {
    const client = new BenchClient(this, this.platform.token(credential));
    client.deviceName = deviceName;
    client.understands = understands ?? client.understands;
    this.clients.push(client);
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
  /** What it says that it knows. */
  understands: readonly string[] = ['control'];
  deviceName: string | undefined;
  instanceId: string | undefined;
  readonly #outbox = new Outbox<ClientMessage>(encodeClientFrame);
  readonly #inbox = new Inbox();
  #heardCount = 0;

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
    const { token, understands, deviceName } = this;
    const named = {
      ...(deviceName === undefined ? {} : { deviceName }),
      ...(this.instanceId === undefined ? {} : { instanceId: this.instanceId }),
    };
    this.send({ type: 'authenticate', token, protocolVersion, understands, ...named, ...resumption });
    const welcome = this.last('authenticated');
    this.resumeToken = welcome.resumeToken;
  }

  send(message: ClientMessage): void {
    this.#deliver(this.#outbox.stamp(message));
  }

  /** Says something that is lost on its way. */
  sendInVain(message: ClientMessage): void {
    this.#outbox.stamp(message);
  }

  #deliver(source: string): void {
    const decoded = decodeClientFrame(source);
    if (!decoded.ok) throw new Error(decoded.detail);
    this.#bench.feed({ type: 'frame', socketId: this.socketId, frame: decoded.frame });
  }

  /** What came since the last call and was not heard before, over however many connections. */
  news(): readonly ServerFrame[] {
    const fresh = this.frames.slice(this.#heardCount);
    this.#heardCount = this.frames.length;
    return fresh.filter((frame) => this.#inbox.admit(frame));
  }

  /** Has heard what arrived, when its WebSocket goes without a word to the node. */
  forget(): void {
    for (const frame of this.frames) {
      if (!isTransient(frame.type)) this.lastSequence = Math.max(this.lastSequence, frame.sequence);
    }
  }

  /** Loses the WebSocket. `final` says goodbye. */
  lose(final = false): void {
    this.forget();
    this.#bench.feed({ type: 'closed', socketId: this.socketId, isFinal: final });
  }

  /** Takes up its conversation on another connection, and says again what did not arrive. */
  comeBack(): void {
    this.socketId = this.#bench.open();
    this.#heardCount = 0;
    this.authenticate();
    const { resumed, receivedSequence } = this.last('authenticated');
    if (resumed) for (const source of this.#outbox.after(receivedSequence) ?? []) this.#deliver(source);
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
