import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import type { roomCalls } from '@patchbay/domain/conferencing/node-calls';
import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { platformError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import type { RoomWork } from './room-work.ts';

type Call = keyof typeof roomCalls;
type Handlers = {
  readonly [C in Call]: (
    request: z.output<(typeof roomCalls)[C]['request']>,
    node: NodeRecord,
  ) => Promise<InternalResponse<C>>;
};

/** What nodes ask and tell of rooms: signaling where one is, a media node of those whose home it is. */
export function roomHandlers(rooms: RoomWork['forNodes']): Handlers {
  return {
    async roomHome({ nodeId: named, ...room }, { id, roles }) {
      const isOwn = named === id && roles.includes('media');
      if (!isOwn && !roles.includes('signaling'))
        throw platformError('auth.scope', `Node ${id} has no say in where a room is.`);
      return await rooms.home({ ...room, nodeId: named });
    },

    async roomsTold({ rooms: told }, { id, roles }) {
      if (!roles.includes('media')) throw platformError('auth.scope', `Node ${id} has no rooms.`);
      await rooms.told(id, told);
      return {};
    },

    async roomOrdered({ orderId, answer }, { id, roles }) {
      if (!roles.includes('media')) throw platformError('auth.scope', `Node ${id} has no rooms.`);
      await rooms.ordered(orderId, answer);
      return {};
    },
  };
}
