import { presenceStore, type Turned } from '@patchbay/adapters/presence/presence-store';
import { registrationStore } from '@patchbay/adapters/presence/registration-store';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { presenceCalls } from '@patchbay/domain/presence/node-calls';
import type { Gone, Registration } from '@patchbay/domain/presence/registration';
import { platformError } from '@patchbay/kit/errors';
import { presence } from '@patchbay/services/presence/definition';
import type { PresencePorts } from '@patchbay/services/presence/ports';
import type { z } from 'zod';

type Call = keyof typeof presenceCalls;
type Handlers = {
  readonly [C in Call]: (
    request: z.output<(typeof presenceCalls)[C]['request']>,
    node: NodeRecord,
  ) => Promise<InternalResponse<C>>;
};

/** How often a process looks for whoever went with a node, at most. */
const LOOK_MS = 2_000;
/** And for what is of no use any more. */
const FORGET_MS = 60_000;

interface Options {
  readonly prisma: Parameters<typeof eventStore>[0];
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs: () => number;
}

export type PresenceWork = ReturnType<typeof presenceWork>;

/** Where endpoints are connected, as the control plane has it from its nodes. */
export function presenceWork({ prisma, onFailure, nowMs }: Options) {
  const registrations = registrationStore(prisma);
  const { presences, turned, forget } = presenceStore(prisma);
  const events = eventStore(prisma);
  const ports: PresencePorts = { presences };

  /** In the transaction that notes it: whoever came or went is told of once. */
  async function tell(changed: readonly Turned[]): Promise<void> {
    for (const { accountId, identity, isOnline } of changed) {
      const data = { identity, isOnline };
      const type = `${presence.name}.identity.changed`;
      await events.append(eventOfHandler({ accountId, type, data, atMs: nowMs() }));
    }
  }

  /** Tells of whoever went with a node, or came back with it. */
  const tellOfNodes = () => atomically(prisma, async () => tell(await turned()));

  let forgotAtMs = 0;
  let lookedAtMs = 0;
  let looking: Promise<void> | undefined;
  return {
    ports,
    tellOfNodes,
    forNodes: {
      find: registrations.find,
      async register(
        node: { readonly nodeId: string; readonly boot: string },
        told: { readonly here: readonly Registration[]; readonly gone: readonly Gone[] },
      ): Promise<void> {
        await atomically(prisma, async () => {
          await registrations.tell(node, told);
          await tell(await turned([...told.here, ...told.gone]));
        });
      },
    },
    /** Does not wait, and does not fail. Asked often, it does something now and then. */
    lookAtNodes(): void {
      const atMs = nowMs();
      if (looking !== undefined || atMs - lookedAtMs < LOOK_MS) return;
      lookedAtMs = atMs;
      const forgets = atMs - forgotAtMs >= FORGET_MS;
      if (forgets) forgotAtMs = atMs;
      looking = tellOfNodes()
        .then(async () => {
          if (!forgets) return;
          await registrations.forgetLeftBehind();
          await forget();
        })
        .catch((error: unknown) => onFailure(error, 'Who came and went with their node was not told.'))
        .finally(() => {
          looking = undefined;
        });
    },
    settled: async () => looking,
  };
}

/** What signaling tells and asks of where endpoints are connected. No other role has clients. */
export function presenceHandlers({ register, find }: PresenceWork['forNodes']): Handlers {
  return {
    async registerEndpoints({ boot, here, gone }, node) {
      onlySignaling(node);
      await register({ nodeId: node.id, boot }, { here, gone });
      return {};
    },
    async findRegistrations({ accountId, identity }, node) {
      onlySignaling(node);
      return { items: [...(await find({ accountId, identity, exceptNodeId: node.id }))] };
    },
  };
}

function onlySignaling({ id, roles }: NodeRecord): void {
  if (!roles.includes('signaling'))
    throw platformError('auth.scope', `Node ${id} has no clients of its own.`);
}
