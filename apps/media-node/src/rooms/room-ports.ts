import type { HomeRules } from '@patchbay/domain/conferencing/room-settings';
import type { RoomNote } from '@patchbay/domain/conferencing/room-words';
import type { ConferenceOrder, SoundResult } from '@patchbay/domain/logic/sound-order';
import type { MediaAddress, MixerPort } from '../mixer/mixer-port.ts';
import type { RoomUsage } from '../mixer/room-meter.ts';

/** A room, as all of the platform knows it: names are an account's own. */
export interface RoomName {
  readonly accountId: string;
  readonly name: string;
}

/** A leg of this node that is to be in a room. */
export interface RoomLeg {
  /** By which the node knows it: two lines may have legs of one id. */
  readonly key: string;
  readonly legId: string;
  readonly sessionId: string;
  readonly accountId: string;
  /** Where it hears the mixer, on loopback. */
  readonly port: number;
  readonly order: ConferenceOrder;
}

/** Where a room is, and what was set for it. */
export type RoomHome =
  | {
      readonly isHere: true;
      readonly set?: HomeRules | undefined;
      readonly participantCountMax?: number | undefined;
    }
  | { readonly isHere: false };

/** What somebody in a room has used since it was asked last. */
export interface ParticipantUsage {
  readonly sessionId: string;
  readonly identity: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a room used since it was told last. */
export interface UsedRoom extends RoomUsage {
  /** That mixing it took. */
  readonly processMs: number;
}

export interface RoomsPorts {
  readonly mixer: MixerPort;
  /** Asks where it is to be, and says that it is here where nobody else has it. Rejects where nobody can say. */
  home(room: RoomName): Promise<RoomHome>;
  /** It is over, and may begin elsewhere. */
  release(room: RoomName): void;
  /** The leg is mixed there from now on; without an address it waits. */
  mixed(legKey: string, address: MediaAddress | undefined): void;
  /** Its order is over. */
  over(legKey: string, result: SoundResult): void;
  note(legKey: string, note: RoomNote): void;
  used(room: RoomName, usage: UsedRoom, participants: readonly ParticipantUsage[]): void;
  /** For people: a room lost its mixer, and has one again or not. */
  onMoved(room: RoomName, moved: { readonly tookMs: number; readonly isMixed: boolean }): void;
  /** Something was refused that should not be. */
  onFailure(room: RoomName, error: unknown): void;
  /** Something of it is not as it was told last. */
  changed(room: RoomName): void;
  /** Somebody in it is louder or softer than they were: of less weight than all else that changes. */
  heard(room: RoomName): void;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}
