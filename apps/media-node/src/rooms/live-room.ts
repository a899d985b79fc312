import {
  advanceRoom,
  controlOf,
  type Leaving,
  openRoom,
  PARTICIPANT_COUNT_MAX,
  type Participant,
  participantOf,
  type RoomEffect,
  type RoomInput,
  type RoomRole,
  type RoomRules,
  type RoomState,
} from '@patchbay/domain/conferencing/room';
import { type RoomSnapshot, writtenRules } from '@patchbay/domain/conferencing/room-words';
import type { RoomStatus } from '@patchbay/domain/logic/sound-order';
import { silenceMinusDbov } from '@patchbay/dsp/level';
import { roomWire } from '../media/room-frames.ts';
import { type MediaAddress, MixerRefusal } from '../mixer/mixer-port.ts';
import type { RoomLeg, RoomName, RoomsPorts } from './room-ports.ts';
import { entryTone, exitTone } from './room-tones.ts';
import { RoomUse } from './room-use.ts';

const RETRY_MS = 100;
/** A mixer that died is started again in much less. */
const RECOVERY_MS_MAX = 10_000;
/** Until the mixer has a place for a room that begins: its processes may just be starting. */
const START_MS_MAX = 3_000;
const NO_MIXER = 'No mixer of this node has room.';

interface Seat {
  readonly leg: RoomLeg;
  /** Where the mixer hears it, while it is in. */
  address: MediaAddress | undefined;
  minusDbov: number;
  speakingSinceMs: number | undefined;
  spokeMs: number;
}

/** Each room of the mixer has a name of its own, also when it takes the place of one that died. */
let mixedCount = 0;

/**
 * A room that has its home on this node. What its state says is done by the mixer one thing after the other; where the mixer's process
 * dies, another one goes on with the same legs.
 */
export class LiveRoom {
  readonly room: RoomName;
  readonly #ports: RoomsPorts;
  readonly #seats = new Map<string, Seat>();
  readonly #use: RoomUse;
  /** By identity: what was set for them. */
  readonly #roles: ReadonlyMap<string, RoomRole>;
  #state: RoomState;
  #mixerRoomId = '';
  #isMixed = false;
  #work: Promise<void> = Promise.resolve();

  constructor(
    room: RoomName,
    { rules, roles }: { readonly rules: RoomRules; readonly roles: ReadonlyMap<string, RoomRole> },
    ports: RoomsPorts,
  ) {
    this.room = room;
    this.#roles = roles;
    this.#ports = ports;
    this.#state = openRoom(rules);
    this.#use = new RoomUse(ports.nowMs());
  }

  get mixerRoomId(): string {
    return this.#mixerRoomId;
  }

  get isEnded(): boolean {
    return this.#state.phase === 'ended';
  }

  get rules(): RoomRules {
    return this.#state.rules;
  }

  legOf(legId: string): RoomLeg | undefined {
    return this.#seats.get(legId)?.leg;
  }

  participant(legId: string): Participant | undefined {
    return participantOf(this.#state, legId);
  }

  join(leg: RoomLeg): void {
    const { legId, sessionId, order } = leg;
    const seat: Seat = {
      leg,
      address: undefined,
      minusDbov: silenceMinusDbov,
      speakingSinceMs: undefined,
      spokeMs: 0,
    };
    if (this.#seats.has(legId)) return;
    this.#seats.set(legId, seat);
    const { identity, isMuted, startsRoom, endsRoom } = order;
    const role = this.#roles.get(identity) ?? order.role;
    this.on({
      type: 'join',
      joining: { legId, sessionId, identity, role, isMuted, startsRoom, endsRoom },
    });
  }

  /** Whether anything came of it. */
  on(input: RoomInput): boolean {
    const nowMs = this.#ports.nowMs();
    const [state, effects] = advanceRoom(this.#state, input, nowMs);
    const isChanged = state !== this.#state;
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect, nowMs);
    if (isChanged || effects.length > 0) this.#ports.changed(this.room);
    return effects.length > 0;
  }

  announce(samples: Int16Array): void {
    this.#enqueue(async () => await this.#ports.mixer.play(this.#mixerRoomId, { samples }));
  }

  /** The mixer says who is heard. */
  speaking(legIds: readonly string[]): void {
    const nowMs = this.#ports.nowMs();
    for (const [legId, seat] of this.#seats) {
      const isSpeaking = legIds.includes(legId);
      if (isSpeaking) seat.speakingSinceMs ??= nowMs;
      else stopSpeaking(seat, nowMs);
    }
    this.#ports.changed(this.room);
  }

  levels(levels: readonly { readonly legId: string; readonly minusDbov: number }[]): void {
    for (const { legId, minusDbov } of levels) {
      const seat = this.#seats.get(legId);
      if (seat !== undefined) seat.minusDbov = minusDbov;
    }
    if (levels.some(({ minusDbov }) => minusDbov < silenceMinusDbov)) this.#ports.heard(this.room);
  }

  snapshot(): RoomSnapshot {
    const { phase, startedAtMs, peakCount, rules, participants } = this.#state;
    return {
      phase,
      ...(startedAtMs === undefined ? {} : { startedAtMs }),
      peakCount,
      rules: writtenRules(rules),
      participants: participants.map((each) => this.#shown(each)),
    };
  }

  /** The mixer worked for it. */
  processed(processMs: number): void {
    this.#use.processed(processMs);
  }

  /** What was used since the last time. */
  tellUse(): void {
    const told = this.#use.take(this.#ports.nowMs());
    if (told !== undefined) this.#ports.used(this.room, told.usage, told.participants);
  }

  /** The process that mixed it is gone: whoever is in is put into a new room of the mixer. */
  mixerLost(): void {
    if (!this.#isMixed || this.isEnded) return;
    this.#isMixed = false;
    const lostMs = this.#ports.nowMs();
    this.#use.pause(lostMs);
    for (const seat of this.#seats.values()) stopSpeaking(seat, lostMs);
    this.#enqueue(async () => await this.#recover(lostMs));
  }

  #shown({ startsRoom: _starts, endsRoom: _ends, isAdmitted: _admitted, whisper, ...each }: Participant) {
    const seat = this.#seats.get(each.legId);
    const speakingMs =
      seat?.speakingSinceMs === undefined ? 0 : Math.max(0, this.#ports.nowMs() - seat.speakingSinceMs);
    return {
      ...each,
      ...(whisper === undefined ? {} : { whisper: { ...whisper } }),
      isSpeaking: seat?.speakingSinceMs !== undefined,
      minusDbov: each.standing === 'in' ? (seat?.minusDbov ?? silenceMinusDbov) : silenceMinusDbov,
      spokeMs: Math.round((seat?.spokeMs ?? 0) + speakingMs),
    };
  }

  #carryOut(effect: RoomEffect, nowMs: number): void {
    switch (effect.type) {
      case 'refused':
        this.#refuse(effect.legId, effect.why);
        return;
      case 'waits':
        this.#note(effect.legId, 'waiting');
        return;
      case 'enters': {
        const { legId } = effect;
        this.#note(legId, 'in');
        const participant = this.participant(legId);
        if (participant !== undefined) this.#use.joined(participant, nowMs);
        this.#enqueue(async () => await this.#enter(legId));
        return;
      }
      case 'changed':
        this.#enqueue(async () => await this.#control(effect.legId));
        return;
      case 'left':
        this.#left(effect.participant, effect.how, nowMs);
        return;
      case 'tone': {
        const samples = effect.of === 'enter' ? entryTone : exitTone;
        this.#enqueue(async () => await this.#ports.mixer.play(this.#mixerRoomId, { samples }));
        return;
      }
      case 'started':
        this.#enqueue(async () => {
          if (!(await this.#mixWithin(nowMs + START_MS_MAX))) this.#fail(NO_MIXER);
        });
        return;
      case 'ended':
        this.tellUse();
        this.#ports.release(this.room);
        this.#enqueue(async () => {
          this.#isMixed = false;
          if (this.#mixerRoomId !== '') await this.#ports.mixer.endRoom(this.#mixerRoomId);
        });
    }
  }

  #note(legId: string, standing: Participant['standing']): void {
    const leg = this.legOf(legId);
    const { name } = this.room;
    if (leg !== undefined)
      this.#ports.note(leg.key, {
        type: 'room.joined',
        data: { room: name, identity: leg.order.identity, standing },
      });
  }

  #refuse(legId: string, how: RoomStatus): void {
    const leg = this.legOf(legId);
    this.#seats.delete(legId);
    if (leg !== undefined) this.#ports.over(leg.key, { kind: 'left', how });
  }

  #left({ legId, standing }: Participant, how: Leaving, nowMs: number): void {
    const seat = this.#seats.get(legId);
    this.#seats.delete(legId);
    this.#use.left(legId, nowMs);
    if (seat === undefined) return;
    stopSpeaking(seat, nowMs);
    const spokeMs = Math.round(seat.spokeMs);
    this.#ports.note(seat.leg.key, { type: 'room.left', data: { room: this.room.name, how, spokeMs } });
    // Whoever is gone, or pressed the key, waits for no answer.
    if (how === 'ended' || how === 'removed') this.#ports.over(seat.leg.key, { kind: 'left', how });
    if (standing === 'in' && !this.isEnded)
      this.#enqueue(async () => {
        await this.#ports.mixer.removeLeg(this.#mixerRoomId, legId);
      });
  }

  /** False where no mixer takes it until then; also where it ended meanwhile. */
  async #mixWithin(untilMs: number): Promise<boolean> {
    const { mixer, nowMs } = this.#ports;
    while (!this.isEnded) {
      mixedCount += 1;
      this.#mixerRoomId = `${this.room.accountId} ${this.room.name} ${mixedCount}`;
      const isMixed = await mixer
        .createRoom({ roomId: this.#mixerRoomId, legCountMax: PARTICIPANT_COUNT_MAX })
        .then(
          () => true,
          () => false,
        );
      this.#isMixed = isMixed;
      if (isMixed) return true;
      if (nowMs() >= untilMs) return false;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return false;
  }

  async #enter(legId: string): Promise<void> {
    const seat = this.#seats.get(legId);
    // It has left meanwhile, or comes in with all others once there is a mixer again.
    if (seat === undefined || seat.address !== undefined || !this.#isMixed) return;
    const { codec, payloadType, levelExtensionId } = roomWire;
    const host = '127.0.0.1';
    const remote = { host, port: seat.leg.port };
    const wire = { codec, payloadType, levelExtensionId, remote, localHost: host };
    try {
      seat.address = await this.#ports.mixer.addLeg(this.#mixerRoomId, { legId, ...wire });
    } catch (error) {
      if (!isLost(error)) this.#failLeg(seat.leg);
      return;
    }
    await this.#control(legId);
  }

  async #control(legId: string): Promise<void> {
    const seat = this.#seats.get(legId);
    const participant = this.participant(legId);
    if (seat?.address === undefined || participant === undefined) return;
    await this.#ports.mixer.changeLeg(this.#mixerRoomId, legId, controlOf(participant));
    // Who is held hears what is heard while waiting.
    this.#ports.mixed(seat.leg.key, participant.isHeld ? undefined : seat.address);
  }

  async #recover(lostMs: number): Promise<void> {
    const { nowMs } = this.#ports;
    for (const seat of this.#seats.values()) seat.address = undefined;
    const isMixed = await this.#mixWithin(lostMs + RECOVERY_MS_MAX);
    if (this.isEnded) return;
    const tookMs = Math.max(0, nowMs() - lostMs);
    this.#ports.onMoved(this.room, { tookMs, isMixed });
    if (!isMixed) {
      this.#fail('The mixer of this room failed, and none took its place.');
      return;
    }
    this.#use.resume(nowMs());
    const inside = this.#state.participants.filter(({ standing }) => standing === 'in');
    for (const { legId } of inside) {
      await this.#enter(legId);
      const leg = this.legOf(legId);
      if (leg !== undefined)
        this.#ports.note(leg.key, { type: 'room.recovered', data: { room: this.room.name, tookMs } });
    }
  }

  /** Everybody is out, with a reason that is the platform's. */
  #fail(detail: string): void {
    const legs = [...this.#seats.values()].map(({ leg }) => leg);
    this.#seats.clear();
    this.on({ type: 'end' });
    for (const { key } of legs)
      this.#ports.over(key, { kind: 'failed', failure: 'media_unavailable', detail });
  }

  /** One that the mixer does not take is out; the others stay. */
  #failLeg({ key, legId }: RoomLeg): void {
    this.on({ type: 'leave', legId, how: 'gone' });
    this.#ports.over(key, { kind: 'failed', failure: 'media_unavailable', detail: NO_MIXER });
  }

  /** One thing after the other. What a mixer refuses is of a leg or a room that is gone: the state knows better by then. */
  #enqueue(task: () => Promise<unknown>): void {
    this.#work = this.#work.then(task).then(
      () => undefined,
      (error: unknown) => this.#ports.onFailure(this.room, error),
    );
  }
}

/** The mixer of the room died: `mixerLost` is called, and all are put into another one. */
const isLost = (error: unknown): boolean =>
  error instanceof MixerRefusal && (error.reason === 'mixer-lost' || error.reason === 'room-unknown');

function stopSpeaking(seat: Seat, nowMs: number): void {
  if (seat.speakingSinceMs === undefined) return;
  seat.spokeMs += Math.max(0, nowMs - seat.speakingSinceMs);
  seat.speakingSinceMs = undefined;
}
