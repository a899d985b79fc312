import type { RoomSettings } from '@patchbay/domain/conferencing/room-settings';
import type { RoomAnswer, RoomChange, RoomSnapshot } from '@patchbay/domain/conferencing/room-words';
import type { ConferencingPorts } from '@patchbay/services/conferencing/ports';

/** Rooms in memory. `live`: those that run; `answer`: what their home says of an order. */
export function memoryConferencingPorts({
  live = new Map(),
  answer = () => undefined,
}: {
  readonly live?: ReadonlyMap<string, RoomSnapshot>;
  readonly answer?: (change: RoomChange, by: string) => RoomAnswer | undefined;
} = {}): ConferencingPorts {
  const set = new Map<string, RoomSettings>();
  const find = (name: string) => {
    const [settings, snapshot] = [set.get(name), live.get(name)];
    return settings === undefined && snapshot === undefined
      ? undefined
      : { name, settings, live: snapshot && { nodeId: 'nod_1', snapshot } };
  };
  return {
    rooms: {
      async list({ cursor = '', limit }) {
        const names = [...new Set([...set.keys(), ...live.keys()])]
          .toSorted()
          .filter((name) => name > cursor);
        const items = names.slice(0, limit).flatMap((name) => find(name) ?? []);
        return names.length > limit ? { items, nextCursor: items.at(-1)?.name } : { items };
      },
      find: async ({ name }) => find(name),
      async set({ name, settings }) {
        const before = set.get(name);
        set.set(name, settings);
        return before;
      },
      async remove({ name }) {
        const before = set.get(name);
        set.delete(name);
        return before;
      },
    },
    orders: { give: async ({ change, by }) => answer(change, by) },
  };
}
