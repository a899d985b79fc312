import { registrationStore } from '@patchbay/adapters/presence/registration-store';
import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import type { presenceCalls } from '@patchbay/domain/presence/node-calls';
import { platformError } from '@patchbay/kit/errors';
import type { z } from 'zod';

type Call = keyof typeof presenceCalls;
type Handlers = {
  readonly [C in Call]: (
    request: z.output<(typeof presenceCalls)[C]['request']>,
    node: NodeRecord,
  ) => Promise<InternalResponse<C>>;
};

/** How often a process looks for what nodes have left behind, at most. */
const LOOK_MS = 10_000;

interface Options {
  readonly prisma: Parameters<typeof registrationStore>[0];
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs: () => number;
}

export type PresenceWork = ReturnType<typeof presenceWork>;

/** Where endpoints are connected, as the control plane has it from its nodes. */
export function presenceWork({ prisma, onFailure, nowMs }: Options) {
  const registrations = registrationStore(prisma);
  let lookedAtMs = 0;
  let looking: Promise<void> | undefined;
  return {
    forNodes: { registrations },
    /** Does not wait, and does not fail. Asked often, it does something now and then. */
    lookAtNodes(): void {
      const atMs = nowMs();
      if (looking !== undefined || atMs - lookedAtMs < LOOK_MS) return;
      lookedAtMs = atMs;
      looking = registrations
        .forgetLeftBehind()
        .then(() => undefined)
        .catch((error: unknown) => onFailure(error, 'What nodes have left behind was not taken out.'))
        .finally(() => {
          looking = undefined;
        });
    },
    settled: async () => looking,
  };
}

/** What signaling tells and asks of where endpoints are connected. No other role has clients. */
export function presenceHandlers({ registrations }: PresenceWork['forNodes']): Handlers {
  return {
    async registerEndpoints({ boot, here, gone }, node) {
      onlySignaling(node);
      await registrations.tell({ nodeId: node.id, boot }, { here, gone });
      return {};
    },
    async findRegistrations({ accountId, identity }, node) {
      onlySignaling(node);
      return { items: [...(await registrations.find({ accountId, identity, exceptNodeId: node.id }))] };
    },
  };
}

function onlySignaling({ id, roles }: NodeRecord): void {
  if (!roles.includes('signaling'))
    throw platformError('auth.scope', `Node ${id} has no clients of its own.`);
}
