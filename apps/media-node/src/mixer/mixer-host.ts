import { codecs } from './codecs.ts';
import type { MixLeg } from './leg.ts';
import { type LegSpec, MixerRefusal } from './mixer-port.ts';
import type { MixerAnswer, MixerReport, MixerRequest } from './mixer-words.ts';
import type { OpenPacketLeg, PacketLeg } from './packet-leg.ts';
import { Room } from './room.ts';

/** How often levels are told, in ticks: five times a second. */
const LEVEL_TICKS = 10;
/** How often it is told what rooms used, in ticks: what is lost when a process dies is a second at most. */
const USAGE_TICKS = 50;

export interface MixerHostOptions {
  readonly open: OpenPacketLeg;
  readonly nowMs: () => number;
  readonly report: (report: MixerReport) => void;
  /** 32 bits that nobody guesses: where a stream begins (RFC 3550 §5.1). */
  readonly random32: () => number;
}

type RequestOfRoom = Exclude<MixerRequest, { type: 'create-room' }>;

interface HostedRoom {
  readonly room: Room;
  readonly ways: Map<string, PacketLeg>;
  /** That its ticks took, and nobody was told of. */
  processMs: number;
}

/** Whole milliseconds; what is left is told with those that follow. */
function takeWhole(hosted: HostedRoom): number {
  const whole = Math.floor(hosted.processMs);
  hosted.processMs -= whole;
  return whole;
}

/** The rooms of one process: requests in, reports out, and a tick for all of them. */
export class MixerHost {
  readonly #options: MixerHostOptions;
  readonly #rooms = new Map<string, HostedRoom>();
  #tick = 0;

  constructor(options: MixerHostOptions) {
    this.#options = options;
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Carries out one request, or rejects with a `MixerRefusal`. */
  async carryOut(request: MixerRequest): Promise<MixerAnswer> {
    if (request.type === 'create-room') {
      if (this.#rooms.has(request.roomId)) throw new MixerRefusal('room-known', 'There is such a room.');
      const room = new Room(request.settings, this.#options.nowMs());
      this.#rooms.set(request.roomId, { room, ways: new Map(), processMs: 0 });
      return {};
    }
    const hosted = this.#rooms.get(request.roomId);
    if (hosted === undefined) throw new MixerRefusal('room-unknown', 'There is no such room.');
    return await this.#carryOutIn(hosted, request);
  }

  async #carryOutIn(hosted: HostedRoom, request: RequestOfRoom): Promise<MixerAnswer> {
    switch (request.type) {
      case 'end-room':
        return { usage: this.#end(request.roomId, hosted) };
      case 'add-leg':
        return await this.#addLeg(request.roomId, hosted, request.leg);
      case 'remove-leg':
        return this.#removeLeg(hosted, request.legId);
      case 'change-leg': {
        const outcome = hosted.room.change(request.legId, request.change);
        if (outcome === 'unknown') throw new MixerRefusal('leg-unknown', 'There is no such leg.');
        if (outcome === 'mixes-exceeded')
          throw new MixerRefusal('mixes-exceeded', 'The room has as many ways of hearing as it may.');
        return {};
      }
      case 'play':
        hosted.room.play(request.samples, request.groups);
        return {};
      case 'statistics':
        return { room: this.#statistics(hosted.room) };
    }
  }

  /** 20 ms of all rooms. One that meets an error of ours ends; the others do not notice. */
  tick(): void {
    this.#tick += 1;
    for (const [roomId, hosted] of this.#rooms) {
      const beganMs = this.#options.nowMs();
      try {
        hosted.room.tick();
        hosted.processMs += this.#options.nowMs() - beganMs;
      } catch (error) {
        const usage = this.#end(roomId, hosted);
        const detail = String(error).slice(0, 500);
        this.#options.report({ type: 'room-failed', roomId, detail, usage });
        continue;
      }
      const legIds = hosted.room.takeTalkers();
      if (legIds !== undefined) this.#options.report({ type: 'speakers', roomId, legIds });
    }
    if (this.#rooms.size === 0) return;
    if (this.#tick % LEVEL_TICKS === 0) this.#reportLevels();
    if (this.#tick % USAGE_TICKS === 0) this.#reportUsage();
  }

  /** Ticks that were dropped, because the process was held up. */
  skip(tickCount: number): void {
    for (const { room } of this.#rooms.values()) room.skip(tickCount);
  }

  #reportLevels(): void {
    const rooms = [...this.#rooms].map(([roomId, { room }]) => ({ roomId, levels: room.levels() }));
    this.#options.report({ type: 'levels', rooms: rooms.filter(({ levels }) => levels.length > 0) });
  }

  #reportUsage(): void {
    const nowMs = this.#options.nowMs();
    const rooms = [...this.#rooms].map(([roomId, hosted]) => ({
      roomId,
      usage: hosted.room.usage(nowMs),
      processMs: takeWhole(hosted),
    }));
    this.#options.report({ type: 'used', rooms });
  }

  #end(roomId: string, { room, ways }: HostedRoom) {
    this.#rooms.delete(roomId);
    const usage = room.usage(this.#options.nowMs());
    for (const way of ways.values()) way.close();
    return usage;
  }

  async #addLeg(roomId: string, { room, ways }: HostedRoom, spec: LegSpec): Promise<MixerAnswer> {
    const { open, nowMs, random32 } = this.#options;
    const { legId, remote, localHost, localPort = 0, levelExtensionId = 0, payloadType } = spec;
    let leg: MixLeg | undefined;
    let way: PacketLeg;
    try {
      way = await open({ remote, localHost, localPort }, (packet) => leg?.receive(packet, nowMs()));
    } catch (error) {
      throw new MixerRefusal('address-refused', String(error).slice(0, 200));
    }
    // The room may have ended while the address was being bound.
    const outgoing = { ssrc: random32(), sequence: random32() & 0xffff, timestamp: random32() };
    const settings = { codec: codecs[spec.codec], payloadType, levelExtensionId, outgoing };
    const isOpen = this.#rooms.get(roomId)?.room === room;
    leg = isOpen ? room.add(legId, { ...settings, send: (packet) => way.send(packet) }, nowMs()) : undefined;
    if (leg === undefined) {
      way.close();
      if (!isOpen) throw new MixerRefusal('room-unknown', 'The room has ended.');
      throw new MixerRefusal('leg-refused', 'The room has that leg, or all that it may.');
    }
    ways.set(legId, way);
    return { address: way.address };
  }

  #removeLeg({ room, ways }: HostedRoom, legId: string): MixerAnswer {
    const leg = room.statistics(legId);
    if (leg === undefined) throw new MixerRefusal('leg-unknown', 'There is no such leg.');
    room.remove(legId, this.#options.nowMs());
    ways.get(legId)?.close();
    ways.delete(legId);
    return { leg };
  }

  #statistics(room: Room) {
    const legs = room.legIds().flatMap((legId) => {
      const leg = room.statistics(legId);
      return leg === undefined ? [] : [[legId, leg] as const];
    });
    return { usage: room.usage(this.#options.nowMs()), legs: Object.fromEntries(legs) };
  }
}
