import type { RoomSettings } from '@patchbay/domain/conferencing/room-settings';
import type { RoomAnswer, RoomChange, RoomSnapshot } from '@patchbay/domain/conferencing/room-words';

export interface RoomRecord {
  readonly name: string;
  readonly settings: RoomSettings | undefined;
  /** While it runs. `snapshot`: what its home told last; absent until it told something. */
  readonly live: { readonly nodeId: string; readonly snapshot: RoomSnapshot | undefined } | undefined;
}

interface Named {
  readonly accountId: string;
  readonly name: string;
}

/** What conferencing needs from the world. All of it is of the account that is named. */
export interface ConferencingPorts {
  readonly rooms: {
    list(page: {
      readonly accountId: string;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly RoomRecord[]; readonly nextCursor?: string | undefined }>;
    find(room: Named): Promise<RoomRecord | undefined>;
    /** What was set before. One after the other in an account. */
    set(room: Named & { readonly settings: RoomSettings }): Promise<RoomSettings | undefined | 'too_many'>;
    remove(room: Named): Promise<RoomSettings | undefined>;
  };
  readonly orders: {
    /** What the home of the room says; undefined where it says nothing in time. */
    give(
      order: Named & { readonly nodeId: string; readonly by: string; readonly change: RoomChange },
    ): Promise<RoomAnswer | undefined>;
  };
}
