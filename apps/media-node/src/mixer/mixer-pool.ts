import { availableParallelism } from 'node:os';
import path from 'node:path';
import { gainMax } from '@patchbay/dsp/mix';
import { ShardProcess } from '../media/shard-process.ts';
import { opusDefaults } from './codec.ts';
import {
  type LegControl,
  type LegSpec,
  type MediaAddress,
  type MixerEvents,
  type MixerPort,
  MixerRefusal,
  type RoomSpec,
  type RoomStatistics,
  type RoomTone,
} from './mixer-port.ts';
import type { MixerAnswer, MixerReport, MixerRequest, MixerWord } from './mixer-words.ts';
import type { LegChange, LegStatistics } from './room.ts';
import type { RoomUsage } from './room-meter.ts';

const LEG_COUNT_DEFAULT = 200;
const LEG_COUNT_MAX = 1_000;
/** Bits of a group's mask. */
const GROUP_MAX = 30;
const noUsage: RoomUsage = { roomMs: 0, participantMs: 0, peakParticipantCount: 0 };

export interface MixerPoolOptions {
  readonly events: MixerEvents;
  /** Default: one for each core but one, and one at least. */
  readonly processCount?: number;
  /** How many legs one process carries. Default 150: rooms of ten with two talking take about 0.6 % of a core for each. */
  readonly legsPerProcessMax?: number;
  /** Default: the mixer. */
  readonly program?: string;
  readonly onProcessDied?: (how: string) => void;
}

interface Waiting {
  readonly roomId: string;
  readonly resolve: (answer: MixerAnswer) => void;
  readonly reject: (refusal: MixerRefusal) => void;
}

/** One process and what is under way in it. */
interface Worker {
  readonly process: ShardProcess<MixerWord, MixerReport>;
  readonly waiting: Map<number, Waiting>;
  /** It started, or could not. */
  readonly started: Promise<void>;
}

interface PlacedRoom {
  readonly worker: Worker;
  legCount: number;
  usage: RoomUsage;
  /** Whoever asked for it knows that it is there. */
  isOpen: boolean;
}

const refuse = (reason: MixerRefusal['reason'], detail: string): MixerRefusal =>
  new MixerRefusal(reason, detail);

/** The answer that a request has by its nature. */
function answered<Value>(value: Value | undefined): Value {
  if (value === undefined) throw refuse('mixer-lost', 'The mixer answered something else.');
  return value;
}

/** Bits of some groups. */
function maskOf(groups: readonly number[]): number {
  let mask = 0;
  for (const group of groups) {
    if (!Number.isInteger(group) || group < 0 || group > GROUP_MAX)
      throw refuse('out-of-bounds', `Group ${group} is none of 0 to ${GROUP_MAX}.`);
    mask |= 1 << group;
  }
  return mask;
}

function inBounds(name: string, value: number, { min, max }: { min: number; max: number }): void {
  if (!(value >= min && value <= max))
    throw refuse('out-of-bounds', `${name} is ${value}; ${min} to ${max} are taken.`);
}

/** A fixed number of processes, each with whole rooms. `mixer-port.ts` says what it promises. */
export class MixerPool implements MixerPort {
  readonly #events: MixerEvents;
  readonly #legsPerProcessMax: number;
  readonly #workers: readonly Worker[];
  readonly #rooms = new Map<string, PlacedRoom>();
  #requestCount = 0;

  constructor(options: MixerPoolOptions) {
    const { processCount = Math.max(1, availableParallelism() - 1), legsPerProcessMax = 150 } = options;
    this.#events = options.events;
    this.#legsPerProcessMax = legsPerProcessMax;
    this.#workers = Array.from({ length: processCount }, () => this.#startWorker(options));
  }

  /** Until each process has started once: before that, rooms are refused with `no-capacity`. */
  async started(): Promise<void> {
    await Promise.all(this.#workers.map(async ({ started }) => await started));
  }

  /** Of the processes that run. */
  get pids(): readonly number[] {
    return this.#workers.flatMap(({ process }) => (process.pid === undefined ? [] : [process.pid]));
  }

  async createRoom({ roomId, rateHz = 48_000, ...spec }: RoomSpec): Promise<void> {
    const { legCountMax = LEG_COUNT_DEFAULT, talkerCountMax = 3 } = spec;
    const opus = { ...opusDefaults, ...spec.opus };
    inBounds('legCountMax', legCountMax, { min: 1, max: LEG_COUNT_MAX });
    if (talkerCountMax !== 'all') inBounds('talkerCountMax', talkerCountMax, { min: 1, max: LEG_COUNT_MAX });
    if (opus.bitrateBps !== 'auto') inBounds('bitrateBps', opus.bitrateBps, { min: 6_000, max: 510_000 });
    inBounds('complexity', opus.complexity, { min: 0, max: 10 });
    if (this.#rooms.has(roomId)) throw refuse('room-known', 'There is such a room.');
    const worker = this.#leastLoaded();
    if (worker === undefined)
      throw refuse('no-capacity', 'All processes of the mixer are full or being started.');
    const placed: PlacedRoom = { worker, legCount: 0, usage: noUsage, isOpen: false };
    this.#rooms.set(roomId, placed);
    try {
      const settings = { rateHz, legCountMax, talkerCountMax, opus };
      await this.#ask(worker, { type: 'create-room', roomId, settings });
      placed.isOpen = true;
    } catch (error) {
      this.#rooms.delete(roomId);
      throw error;
    }
  }

  async endRoom(roomId: string): Promise<RoomUsage> {
    const usage = answered((await this.#askRoom({ type: 'end-room', roomId })).usage);
    this.#ended(roomId, { reason: 'asked', detail: '', usage });
    return usage;
  }

  async addLeg(roomId: string, leg: LegSpec): Promise<MediaAddress> {
    const room = this.#roomOf(roomId);
    inBounds('payloadType', leg.payloadType, { min: 0, max: 127 });
    inBounds('levelExtensionId', leg.levelExtensionId ?? 0, { min: 0, max: 255 });
    inBounds('remote.port', leg.remote.port, { min: 1, max: 65_535 });
    inBounds('localPort', leg.localPort ?? 0, { min: 0, max: 65_535 });
    if (this.#legCountOf(room.worker) >= this.#legsPerProcessMax)
      throw refuse('no-capacity', 'The process of this room is full.');
    room.legCount += 1;
    try {
      return answered((await this.#askRoom({ type: 'add-leg', roomId, leg })).address);
    } catch (error) {
      room.legCount -= 1;
      throw error;
    }
  }

  async removeLeg(roomId: string, legId: string): Promise<LegStatistics> {
    const { leg } = await this.#askRoom({ type: 'remove-leg', roomId, legId });
    const room = this.#rooms.get(roomId);
    if (room !== undefined) room.legCount -= 1;
    return answered(leg);
  }

  async changeLeg(roomId: string, legId: string, control: LegControl): Promise<void> {
    const { isMuted, isHeld, gain, speaksTo, hears } = control;
    if (gain !== undefined) inBounds('gain', gain, { min: 0, max: gainMax });
    const groups: LegChange = {
      ...(speaksTo === undefined ? {} : { speaksTo: maskOf(speaksTo) }),
      ...(hears === undefined ? {} : { hears: maskOf(hears) }),
    };
    const change = { isMuted, isHeld, gain, ...groups };
    await this.#askRoom({ type: 'change-leg', roomId, legId, change });
  }

  async play(roomId: string, { samples, groups = [0] }: RoomTone): Promise<void> {
    await this.#askRoom({ type: 'play', roomId, samples, groups: maskOf(groups) });
  }

  async statistics(roomId: string): Promise<RoomStatistics> {
    return answered((await this.#askRoom({ type: 'statistics', roomId })).room);
  }

  async close(): Promise<void> {
    const rooms = [...this.#rooms.keys()];
    await Promise.allSettled(rooms.map(async (roomId) => await this.endRoom(roomId)));
    await Promise.all(this.#workers.map(async ({ process }) => await process.stop()));
  }

  #startWorker({
    program = path.join(import.meta.dirname, 'mixer-process.ts'),
    ...options
  }: MixerPoolOptions): Worker {
    const waiting = new Map<number, Waiting>();
    const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
    const worker: Worker = {
      waiting,
      started,
      process: new ShardProcess<MixerWord, MixerReport>({
        program,
        onReady: onStarted,
        onReport: (report) => this.#hear(worker, report),
        onDied: (how) => {
          this.#lose(worker, how);
          options.onProcessDied?.(how);
        },
        onUnable: (detail) => {
          this.#lose(worker, detail);
          onStarted();
        },
      }),
    };
    return worker;
  }

  #roomOf(roomId: string): PlacedRoom {
    const room = this.#rooms.get(roomId);
    if (room === undefined) throw refuse('room-unknown', 'There is no such room.');
    return room;
  }

  async #askRoom(request: MixerRequest): Promise<MixerAnswer> {
    return await this.#ask(this.#roomOf(request.roomId).worker, request);
  }

  async #ask({ process, waiting }: Worker, request: MixerRequest): Promise<MixerAnswer> {
    const number = ++this.#requestCount;
    return await new Promise((resolve, reject) => {
      waiting.set(number, { roomId: request.roomId, resolve, reject });
      process.send({ number, request });
    });
  }

  #hear(worker: Worker, report: MixerReport): void {
    switch (report.type) {
      case 'answer':
        worker.waiting.get(report.number)?.resolve(report.answer);
        worker.waiting.delete(report.number);
        return;
      case 'refused':
        worker.waiting.get(report.number)?.reject(refuse(report.reason, report.detail));
        worker.waiting.delete(report.number);
        return;
      case 'speakers':
        if (this.#rooms.has(report.roomId)) this.#events.onActiveSpeakers(report.roomId, report.legIds);
        return;
      case 'levels':
        for (const { roomId, levels } of report.rooms)
          if (this.#rooms.has(roomId)) this.#events.onLevels(roomId, levels);
        return;
      case 'used':
        for (const { roomId, usage, processMs } of report.rooms) {
          const room = this.#rooms.get(roomId);
          if (room === undefined) continue;
          room.usage = usage;
          if (processMs > 0) this.#events.onProcessed?.(roomId, processMs);
        }
        return;
      case 'room-failed':
        this.#ended(report.roomId, { reason: 'mixer-lost', detail: report.detail, usage: report.usage });
    }
  }

  #ended(roomId: string, end: Parameters<MixerEvents['onEnded']>[1]): void {
    const isOpen = this.#rooms.get(roomId)?.isOpen === true;
    this.#rooms.delete(roomId);
    if (isOpen) this.#events.onEnded(roomId, end);
  }

  /** A process died: its rooms are over, and what was asked of it was not done. */
  #lose(worker: Worker, how: string): void {
    for (const { reject } of worker.waiting.values()) reject(refuse('mixer-lost', how));
    worker.waiting.clear();
    for (const [roomId, room] of this.#rooms)
      if (room.worker === worker)
        this.#ended(roomId, { reason: 'mixer-lost', detail: how, usage: room.usage });
  }

  #legCountOf(worker: Worker): number {
    let count = 0;
    for (const room of this.#rooms.values()) if (room.worker === worker) count += room.legCount;
    return count;
  }

  /** Rooms are placed whole, where the fewest legs are. */
  #leastLoaded(): Worker | undefined {
    const loads = this.#workers
      .filter(({ process }) => process.isReady)
      .map((worker) => ({ worker, legCount: this.#legCountOf(worker) }))
      .filter(({ legCount }) => legCount < this.#legsPerProcessMax);
    return loads.toSorted((one, other) => one.legCount - other.legCount)[0]?.worker;
  }
}
