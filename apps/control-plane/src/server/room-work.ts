import { liveRoomStore, type ToldRoom } from '@patchbay/adapters/conferencing/live-room-store';
import { roomStore } from '@patchbay/adapters/conferencing/room-store';
import type { PrismaClient } from '@patchbay/adapters/prisma/generated/client';
import type { AccountSnapshot } from '@patchbay/adapters/prisma/snapshots';
import { roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import { homeRulesOf } from '@patchbay/domain/conferencing/room-settings';
import type { RoomAnswer, RoomOrder } from '@patchbay/domain/conferencing/room-words';
import type { ServicePorts } from '@patchbay/services/handlers.generated';
import type { Pool } from 'pg';
import { participantCountMaxOf } from './credential-caps.ts';
import { NodeOrders, type OrderBus } from './node-orders.ts';

type Asked = Omit<RoomOrder, 'orderId' | 'issuedAtMs'>;

interface Options extends OrderBus {
  readonly prisma: PrismaClient;
  readonly pool: Pool;
  readonly snapshotOf: (accountId: string) => Promise<AccountSnapshot | undefined>;
}

/** Rooms as the API offers them, and as nodes ask and tell of them. */
export function roomWork({ prisma, pool, snapshotOf, ...options }: Options) {
  const rooms = roomStore(prisma);
  const live = liveRoomStore(prisma, pool);
  const orders = new NodeOrders<Asked, RoomAnswer>({
    ...options,
    messageOf: (asked, order) => ({ type: 'room.control', order: { ...asked, ...order } }),
    answerIn: (message) => (message.type === 'room.controlled' ? message : undefined),
  });
  const ports: ServicePorts['conferencing'] = { rooms, orders: { give: orders.give } };
  return {
    ports,
    forNodes: {
      /** Where a room is, and what holds in it: what is set, or what its account may have at most. */
      async home(room: { readonly accountId: string; readonly name: string; readonly nodeId: string }) {
        const [nodeId, settings, account] = await Promise.all([
          live.home(room),
          rooms.setFor(room),
          snapshotOf(room.accountId),
        ]);
        const countMax = participantCountMaxOf(account);
        if (settings === undefined)
          return {
            nodeId,
            ...(countMax === roomRulesOnTheFly.participantCountMax ? {} : { participantCountMax: countMax }),
          };
        const { rules, participants } = homeRulesOf(settings, options.nowMs());
        const participantCountMax = Math.min(rules.participantCountMax, countMax);
        return { nodeId, rules: { ...rules, participantCountMax }, participants: [...participants] };
      },
      told: (nodeId: string, told: readonly ToldRoom[]) => live.told(nodeId, told),
      ordered: async (orderId: string, answer: RoomAnswer) => {
        await options.bus.publish({ type: 'room.controlled', orderId, answer });
      },
    },
    stop: () => orders.stop(),
  };
}

export type RoomWork = ReturnType<typeof roomWork>;
