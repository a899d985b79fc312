import { type RoomRules, roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import {
  type RoomAnswer,
  type RoomChange,
  type RoomSnapshot,
  rulesOf,
} from '@patchbay/domain/conferencing/room-words';
import type { MixerEvents } from '../mixer/mixer-port.ts';
import { LiveRoom } from './live-room.ts';
import type { RoomLeg, RoomName, RoomsPorts } from './room-ports.ts';

/** How often what rooms used is told: what the death of this process loses. */
const USE_MS = 2_000;

const keyOf = ({ accountId, name }: RoomName): string => `${accountId} ${name}`;

type Refused = Extract<RoomAnswer, { readonly kind: 'refused' }>;
const refuse = (refusal: Refused['refusal'], detail: string): Refused => ({
  kind: 'refused',
  refusal,
  detail,
});

/** The rooms that have their home on this node, by account and name, and whoever is in them. */
export class Rooms {
  readonly #ports: RoomsPorts;
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #seats = new Map<string, { readonly live: LiveRoom; readonly legId: string }>();
  /** Legs that are about to be in one, while it is asked where that is. */
  readonly #opening = new Map<string, { readonly legs: Map<string, RoomLeg>; readonly room: RoomName }>();
  #toldMs: number;

  constructor(ports: RoomsPorts) {
    this.#ports = ports;
    this.#toldMs = ports.nowMs();
  }

  /** Those that are about to begin among them: nobody else is to be their home meanwhile. */
  get names(): readonly RoomName[] {
    return [...this.#rooms.values(), ...this.#opening.values()].map(({ room }) => room);
  }

  snapshotOf(room: RoomName): RoomSnapshot | undefined {
    return this.#rooms.get(keyOf(room))?.snapshot();
  }

  join(leg: RoomLeg): void {
    const room: RoomName = { accountId: leg.accountId, name: leg.order.name };
    const found = this.#rooms.get(keyOf(room));
    if (found !== undefined) this.#forgetEnded(found);
    const known = this.#rooms.get(keyOf(room));
    if (known !== undefined) {
      this.#seat(known, leg);
      return;
    }
    const opening = this.#opening.get(keyOf(room));
    if (opening !== undefined) {
      opening.legs.set(leg.key, leg);
      return;
    }
    this.#opening.set(keyOf(room), { room, legs: new Map([[leg.key, leg]]) });
    void this.#open(room, leg);
  }

  /** It is gone, or pressed the key that leaves; nothing is answered. */
  leave(legKey: string, how: 'gone' | 'key'): void {
    for (const { legs } of this.#opening.values()) legs.delete(legKey);
    const seat = this.#seats.get(legKey);
    if (seat === undefined) return;
    this.#seats.delete(legKey);
    seat.live.on({ type: 'leave', legId: seat.legId, how });
    this.#forgetEnded(seat.live);
  }

  /** Carries out what somebody asks of a room. */
  obey(room: RoomName, change: Exclude<RoomChange, { type: 'announce' }>, by: string): RoomAnswer {
    const live = this.#rooms.get(keyOf(room));
    if (live === undefined) return refuse('room_unknown', 'The room does not run.');
    if ('legId' in change && live.participant(change.legId) === undefined)
      return refuse('participant_unknown', 'Nobody in the room has this leg.');
    const before = live.snapshot();
    const outcome = this.#carryOut(live, change, by);
    if (typeof outcome !== 'boolean') return outcome;
    const after = live.snapshot();
    this.#forgetEnded(live);
    return { kind: 'done', isChanged: outcome, before, after };
  }

  /** A sound for all who are in. */
  announce(room: RoomName, samples: Int16Array): RoomAnswer {
    const live = this.#rooms.get(keyOf(room));
    if (live === undefined) return refuse('room_unknown', 'The room does not run.');
    const before = live.snapshot();
    live.announce(samples);
    return { kind: 'done', isChanged: true, before, after: before };
  }

  /** Called several times a second. */
  tick(): void {
    const nowMs = this.#ports.nowMs();
    const isDue = nowMs - this.#toldMs >= USE_MS;
    if (isDue) this.#toldMs = nowMs;
    for (const room of [...this.#rooms.values()]) {
      room.on({ type: 'elapsed' });
      if (isDue) room.tellUse();
      this.#forgetEnded(room);
    }
  }

  /** What the mixer tells. */
  readonly mixerEvents: Required<MixerEvents> = {
    onActiveSpeakers: (mixerRoomId, legIds) => this.#mixedAs(mixerRoomId)?.speaking(legIds),
    onProcessed: (mixerRoomId, processMs) => this.#mixedAs(mixerRoomId)?.processed(processMs),
    onLevels: (mixerRoomId, levels) => this.#mixedAs(mixerRoomId)?.levels(levels),
    onEnded: (mixerRoomId, { reason }) => {
      if (reason === 'mixer-lost') this.#mixedAs(mixerRoomId)?.mixerLost();
    },
  };

  /** What was used is told, and everybody is out. */
  stop(): void {
    for (const room of [...this.#rooms.values()]) {
      room.on({ type: 'end' });
      this.#forgetEnded(room);
    }
  }

  async #open(room: RoomName, { order }: RoomLeg): Promise<void> {
    const home = await this.#ports.home(room).catch(() => undefined);
    const waiting = [...(this.#opening.get(keyOf(room))?.legs.values() ?? [])];
    this.#opening.delete(keyOf(room));
    if (home?.isHere === true) {
      if (waiting.length === 0) {
        this.#ports.release(room);
        return;
      }
      const { tones } = order;
      const participantCountMax = Math.min(
        order.participantCountMax,
        home.participantCountMax ?? order.participantCountMax,
      );
      const onTheFly: RoomRules = { ...roomRulesOnTheFly, tones, participantCountMax };
      const { set } = home;
      const roles = new Map(set?.participants.map(({ identity, role }) => [identity, role]));
      const live = new LiveRoom(
        room,
        { rules: set === undefined ? onTheFly : rulesOf(set.rules), roles },
        this.#ports,
      );
      this.#rooms.set(keyOf(room), live);
      for (const leg of waiting) this.#seat(live, leg);
      return;
    }
    const failed =
      home === undefined
        ? ({ failure: 'media_unavailable', detail: 'Nobody can say now where this room is.' } as const)
        : ({ failure: 'room_elsewhere', detail: 'This room is mixed by another media node.' } as const);
    for (const { key } of waiting) this.#ports.over(key, { kind: 'failed', ...failed });
  }

  #seat(live: LiveRoom, leg: RoomLeg): void {
    const { key, legId } = leg;
    this.#seats.set(key, { live, legId });
    live.join(leg);
    if (live.participant(legId) === undefined) this.#seats.delete(key);
    this.#forgetEnded(live);
  }

  #carryOut(
    live: LiveRoom,
    change: Exclude<RoomChange, { type: 'announce' }>,
    by: string,
  ): boolean | Refused {
    switch (change.type) {
      case 'end':
        return live.on({ type: 'end' });
      case 'rules': {
        const before = JSON.stringify(live.snapshot().rules);
        live.on({ type: 'rules', rules: rulesOf(change.rules) });
        return JSON.stringify(live.snapshot().rules) !== before;
      }
      case 'admit':
        return live.on({ type: 'admit', legId: change.legId });
      case 'remove':
        return live.on({ type: 'leave', legId: change.legId, how: 'removed' });
      case 'participant': {
        const { legId } = change;
        const isChanged = live.on({ type: 'change', legId, change: change.change });
        const now = live.participant(legId);
        const leg = live.legOf(legId);
        if (isChanged && now !== undefined && leg !== undefined) {
          const { isMuted, isHeld, role } = now;
          const data = { room: live.room.name, by, isMuted, isHeld, role };
          this.#ports.note(leg.key, { type: 'room.changed', data });
        }
        return isChanged;
      }
      case 'move':
        return this.#move(live, change);
    }
  }

  /** Out of one room and into another of the same account that is here as well. */
  #move(live: LiveRoom, { legId, to }: Extract<RoomChange, { type: 'move' }>): boolean | Refused {
    const leg = live.legOf(legId);
    if (to === live.room.name || leg === undefined) return false;
    const other = this.#rooms.get(keyOf({ ...live.room, name: to }));
    if (other === undefined)
      return refuse('move_refused', 'The other room does not run on the node of this one.');
    if (other.rules.isLocked || other.snapshot().participants.length >= other.rules.participantCountMax)
      return refuse('move_refused', 'The other room is locked or full.');
    live.on({ type: 'leave', legId, how: 'moved' });
    this.#ports.mixed(leg.key, undefined);
    this.#seat(other, { ...leg, order: { ...leg.order, name: to } });
    return true;
  }

  #mixedAs(mixerRoomId: string): LiveRoom | undefined {
    return [...this.#rooms.values()].find((room) => room.mixerRoomId === mixerRoomId);
  }

  #forgetEnded(live: LiveRoom): void {
    if (!live.isEnded || this.#rooms.get(keyOf(live.room)) !== live) return;
    this.#rooms.delete(keyOf(live.room));
    for (const [legKey, seat] of this.#seats) if (seat.live === live) this.#seats.delete(legKey);
  }
}
