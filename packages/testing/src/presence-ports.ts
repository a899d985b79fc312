import type { KnownPresence, SaidPresence } from '@patchbay/domain/presence/presence';
import type { PresencePorts } from '@patchbay/services/presence/ports';

/** Presence in memory. `online`: those who are there. */
export function memoryPresencePorts(online: ReadonlyMap<string, KnownPresence> = new Map()): PresencePorts {
  const words = new Map<string, SaidPresence>();
  const find = (identity: string): KnownPresence => {
    const known = online.get(identity) ?? { identity, devices: [], isInCall: false };
    return { ...known, said: words.get(identity) };
  };
  return {
    presences: {
      async list({ isOnline, cursor = '', limit }) {
        const known = [...new Set([...online.keys(), ...words.keys()])].toSorted().map(find);
        const wanted = known
          .filter(({ devices }) => isOnline === undefined || devices.length > 0 === isOnline)
          .filter(({ identity }) => identity > cursor);
        const items = wanted.slice(0, limit);
        return wanted.length > limit ? { items, nextCursor: items.at(-1)?.identity } : { items };
      },
      find: async ({ identity }) => find(identity),
      async say({ identity, said }) {
        const before = words.get(identity);
        if (said === undefined) words.delete(identity);
        else words.set(identity, said);
        return before;
      },
    },
  };
}
