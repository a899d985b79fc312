import type { RoomNote } from '@patchbay/domain/conferencing/room-words';
import type { ConferenceOrder, SoundOrder, SoundResult } from '@patchbay/domain/logic/sound-order';
import type { MediaAddress } from '../mixer/mixer-port.ts';
import type { LegFrame } from '../platform/media-line.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { MediaWord } from '../signaling/platform.ts';
import { ShardProcess } from './shard-process.ts';
import type { ClipsOf } from './sounds.ts';

/** With fewer free places than this, one more shard is started ahead of need. */
const SPARE_LEGS = 5;

export interface MediaHostOptions {
  readonly shardCountMax: number;
  readonly legsPerShard: number;
  /** Of a shard, for tests. */
  readonly program?: string;
  /** Makes what an order plays. */
  readonly clipsOf: ClipsOf;
  /** Where legs go that an order puts into a room. */
  readonly rooms: Pick<Rooms, 'join' | 'leave'>;
  readonly send: (line: string, frame: LegFrame) => void;
  /** It takes more than before, or nothing: signaling is to hear of it before its next heartbeat. */
  readonly onRoom: () => void;
  /** For people: a shard died, or none can run here. */
  readonly onShardDied: (how: string, legCount: number) => void;
  readonly onUnable: (detail: string) => void;
}

interface Shard {
  readonly process: ShardProcess;
  readonly legs: Set<string>;
}

interface HostedLeg {
  readonly line: string;
  readonly legId: string;
  readonly sessionId: string;
  readonly accountId: string;
  readonly shard: Shard;
  /** The order that is being made ready: another one, or the end, makes it void. */
  preparing: number | undefined;
  /** The order by which it is in a room, or is about to be. */
  seat: { readonly number: number; readonly order: ConferenceOrder } | undefined;
}

const nameOf = (line: string, legId: string): string => `${line} ${legId}`;

/** The legs of a media node, each in one of its shards. It never loads WebRTC itself. */
export class MediaHost {
  readonly #options: MediaHostOptions;
  readonly #shards: Shard[] = [];
  readonly #legs = new Map<string, HostedLeg>();
  readonly #isKnown = Promise.withResolvers<void>();
  #isUnable = false;
  #isStopped = false;
  isDraining = false;

  constructor(options: MediaHostOptions) {
    this.#options = options;
    this.#addShard();
  }

  get pids(): readonly number[] {
    return this.#shards.flatMap(({ process }) => process.pid ?? []);
  }

  /** Resolves when a shard takes legs, or when it is known that none ever will. */
  get known(): Promise<void> {
    return this.#isKnown.promise;
  }

  get isUnable(): boolean {
    return this.#isUnable;
  }

  load(): { readonly legCount: number; readonly legCountMax: number; readonly isDraining: boolean } {
    const readyCount = this.#shards.filter(({ process }) => process.isReady).length;
    const legCountMax = readyCount * this.#options.legsPerShard;
    return { legCount: this.#legs.size, legCountMax, isDraining: this.isDraining };
  }

  hear(line: string, word: MediaWord): void {
    const name = nameOf(line, word.legId);
    const leg = this.#legs.get(name) ?? this.#place(line, word);
    if (leg === undefined) return;
    const { process, legs } = leg.shard;
    if (word.type === 'bridge')
      process.send({ type: 'bridge', leg: name, other: nameOf(line, word.otherLegId) });
    else if (word.type === 'unbridge') this.#drop(name, leg);
    else if (word.type === 'sound') {
      this.#leaveRoom(name, leg, 'gone');
      void this.#prepare(name, leg, word);
    } else process.send({ type: 'frame', leg: name, source: word.source, isLast: word.isLast });
    if (word.type !== 'frame' || !word.isLast) return;
    this.#leaveRoom(name, leg, 'gone');
    this.#legs.delete(name);
    legs.delete(name);
  }

  /** The legs of a line that broke end with it. */
  lose(line: string): void {
    for (const [name, leg] of this.#legs) if (leg.line === line) this.#drop(name, leg);
  }

  /** The room of a leg is mixed there from now on; without an address it waits. */
  roomMixed(name: string, address: MediaAddress | undefined): void {
    const leg = this.#legs.get(name);
    if (leg?.seat === undefined) return;
    leg.shard.process.send({ type: 'room-mixed', leg: name, number: leg.seat.number, address });
  }

  /** The order that put a leg into its room is over. */
  roomOver(name: string, result: SoundResult): void {
    const leg = this.#legs.get(name);
    if (leg?.seat === undefined) return;
    const { number } = leg.seat;
    leg.seat = undefined;
    leg.shard.process.send({ type: 'room-over', leg: name, number });
    this.#sounded(leg, number, result);
  }

  /** A line for the log of a leg's session. */
  note(name: string, note: RoomNote): void {
    const leg = this.#legs.get(name);
    if (leg === undefined) return;
    const { line, legId, sessionId } = leg;
    this.#options.send(line, { type: 'noted', legId, sessionId, note });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const [name, leg] of this.#legs) {
      this.#lost(leg, 'The media node stopped.');
      this.#drop(name, leg);
    }
    await Promise.all(this.#shards.map(({ process }) => process.stop()));
  }

  #place(line: string, word: MediaWord): HostedLeg | undefined {
    const { legId, sessionId, accountId } = word;
    // The end of a leg that is not here any more makes no new one.
    if (word.type === 'unbridge' || (word.type === 'frame' && word.isLast)) return undefined;
    const shard = this.#shardFor(line, word);
    if (shard === undefined || this.isDraining) {
      this.#options.send(line, { type: 'legLost', legId, sessionId, detail: 'This media node is full.' });
      return undefined;
    }
    const name = nameOf(line, legId);
    const leg: HostedLeg = {
      line,
      legId,
      sessionId,
      accountId,
      shard,
      preparing: undefined,
      seat: undefined,
    };
    shard.legs.add(name);
    this.#legs.set(name, leg);
    this.#growAhead();
    return leg;
  }

  /** The emptiest, with room for both ends of a call. The second end goes where the first one is. */
  #shardFor(line: string, word: MediaWord): Shard | undefined {
    const isBridge = word.type === 'bridge';
    const other = isBridge ? this.#legs.get(nameOf(line, word.otherLegId)) : undefined;
    if (other !== undefined) return other.shard;
    const room = this.#options.legsPerShard - (isBridge ? 1 : 0);
    return this.#shards
      .filter(({ process, legs }) => process.isReady && legs.size < room)
      .sort((left, right) => left.legs.size - right.legs.size)[0];
  }

  #growAhead(): void {
    const { shardCountMax, legsPerShard } = this.#options;
    const free = this.#shards.length * legsPerShard - this.#legs.size;
    if (free < SPARE_LEGS && this.#shards.length < shardCountMax) this.#addShard();
  }

  #addShard(): void {
    const legs = new Set<string>();
    const shard: Shard = {
      legs,
      process: new ShardProcess({
        ...(this.#options.program === undefined ? {} : { program: this.#options.program }),
        onReport: (report) => {
          const leg = this.#legs.get(report.leg);
          if (leg === undefined) return;
          const { line, legId, sessionId } = leg;
          const { send } = this.#options;
          if (report.type === 'frame') send(line, { type: 'frame', legId, sessionId, source: report.source });
          else if (report.type === 'room-way') this.#seat(report.leg, leg, report);
          else if (report.type === 'sounded') {
            this.#leaveRoom(report.leg, leg, report.result.kind === 'left' ? 'key' : 'gone');
            this.#sounded(leg, report.number, report.result);
          } else {
            this.#lost(leg, report.detail);
            this.#drop(report.leg, leg);
          }
        },
        onDied: (how) => {
          const names = [...legs];
          for (const name of names) {
            const leg = this.#legs.get(name);
            if (leg === undefined) continue;
            this.#lost(leg, `The media process of this leg ended: ${how}.`);
            this.#leaveRoom(name, leg, 'gone');
            this.#legs.delete(name);
          }
          legs.clear();
          this.#options.onRoom();
          this.#options.onShardDied(how, names.length);
        },
        onReady: () => {
          this.#isKnown.resolve();
          this.#options.onRoom();
        },
        onUnable: (detail) => {
          this.#isUnable = true;
          this.#isKnown.resolve();
          this.#options.onUnable(detail);
        },
      }),
    };
    this.#shards.push(shard);
  }

  async #prepare(
    name: string,
    leg: HostedLeg,
    { number, order }: { readonly number: number; readonly order: SoundOrder },
  ): Promise<void> {
    leg.preparing = number;
    const clips = await this.#options.clipsOf(order.kind === 'conference' ? order.wait : order.prompts);
    if (this.#isStopped || this.#legs.get(name) !== leg || leg.preparing !== number) return;
    if ('failure' in clips) {
      const detail = clips.detail.slice(0, 500);
      this.#sounded(leg, number, { kind: 'failed', failure: clips.failure, detail });
      return;
    }
    if (order.kind === 'conference') {
      leg.seat = { number, order };
      const { leaveOn } = order;
      leg.shard.process.send({ type: 'room', leg: name, number, wait: clips, leaveOn });
      return;
    }
    const gather = order.kind === 'gather' ? order : undefined;
    leg.shard.process.send({
      type: 'sound',
      leg: name,
      number,
      clips,
      ...(gather === undefined
        ? {}
        : {
            gather: {
              digitsMax: gather.digitsMax,
              finishOn: gather.finishOn,
              timeoutMs: gather.timeoutMs,
            },
          }),
    });
  }

  #seat(
    key: string,
    { legId, sessionId, accountId, seat }: HostedLeg,
    { number, port }: { readonly number: number; readonly port: number },
  ): void {
    if (seat?.number !== number) return;
    this.#options.rooms.join({ key, legId, sessionId, accountId, port, order: seat.order });
  }

  #leaveRoom(name: string, leg: HostedLeg, how: 'gone' | 'key'): void {
    if (leg.seat === undefined) return;
    this.#options.rooms.leave(name, how);
    leg.seat = undefined;
  }

  #sounded({ line, legId, sessionId }: HostedLeg, number: number, result: SoundResult): void {
    this.#options.send(line, { type: 'sounded', legId, sessionId, number, result });
  }

  #lost({ line, legId, sessionId }: HostedLeg, detail: string): void {
    this.#options.send(line, { type: 'legLost', legId, sessionId, detail });
  }

  #drop(name: string, leg: HostedLeg): void {
    const { shard } = leg;
    this.#leaveRoom(name, leg, 'gone');
    shard.process.send({ type: 'drop', leg: name });
    shard.legs.delete(name);
    this.#legs.delete(name);
  }
}
