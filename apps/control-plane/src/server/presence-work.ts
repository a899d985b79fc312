import { presenceStore, type Turned } from '@patchbay/adapters/presence/presence-store';
import { registrationStore } from '@patchbay/adapters/presence/registration-store';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import type { ServiceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { configLevels } from '@patchbay/domain/policy/config-levels';
import { configRulesOf, effectiveConfig } from '@patchbay/domain/policy/effective-config';
import type { presenceCalls } from '@patchbay/domain/presence/node-calls';
import { maySee, type PresenceBook, type SaidState, shownPresence } from '@patchbay/domain/presence/presence';
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
  readonly publish: (message: BusMessage) => Promise<void>;
  readonly configs: Pick<ServiceConfigStore, 'configChain'>;
  readonly chainOf: (accountId: string) => Promise<readonly { readonly id: string }[]>;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs: () => number;
}

/** What somebody says of themselves; without a state, nothing any more. */
interface Saying {
  readonly identity: string;
  readonly state?: SaidState;
  readonly note?: string;
}

interface Looking {
  readonly viewer: string;
  readonly identities: readonly string[];
}

export type PresenceWork = ReturnType<typeof presenceWork>;

/** Where endpoints are connected, as the control plane has it from its nodes. */
export function presenceWork({ prisma, publish, configs, chainOf, onFailure, nowMs }: Options) {
  const registrations = registrationStore(prisma);
  const { presences: stored, turned, forget } = presenceStore(prisma);
  const events = eventStore(prisma);
  const changed = (accountId: string, identity: string) =>
    publish({ type: 'presence.changed', accountId, identity });
  const presences: PresenceBook = {
    list: (page) => stored.list(page),
    find: (who) => stored.find(who),
    async say(word) {
      const before = await stored.say(word);
      await changed(word.accountId, word.identity);
      return before;
    },
  };
  const ports: PresencePorts = { presences };

  async function configOf(accountId: string) {
    const chain = (await chainOf(accountId)).map(({ id }) => id);
    const levels = configLevels({ chain }, presence.name, await configs.configChain({ accountId }));
    return presence.config.parse(effectiveConfig(levels, configRulesOf(presence)).values);
  }

  /** By the client itself, which asks nothing of the API: its word is an event, and no entry of the audit log. */
  async function saidByClient(accountId: string, { identity, state, note }: Saying): Promise<void> {
    const { noteLengthMax } = await configOf(accountId);
    const held = note?.slice(0, noteLengthMax) || undefined;
    await atomically(prisma, async () => {
      await presences.say({ accountId, identity, said: state && { state, note: held } });
      const data = {
        identity,
        ...(state === undefined ? {} : { state, ...(held === undefined ? {} : { note: held }) }),
      };
      const type = `${presence.name}.identity.said`;
      await events.append(eventOfHandler({ accountId, type, data, atMs: nowMs() }));
    });
  }

  async function seenBy(accountId: string, { viewer, identities }: Looking) {
    const rule = await configOf(accountId);
    return await Promise.all(
      identities.map(async (identity) => {
        if (!maySee(rule, { viewer, identity }))
          return { identity, state: 'hidden' as const, isInCall: false };
        const known = await presences.find({ accountId, identity });
        const { devices: _devices, ...seen } = shownPresence(known, nowMs());
        return seen;
      }),
    );
  }

  /** In the transaction that notes it: whoever came or went is told of once. */
  async function tell(turns: readonly Turned[]): Promise<void> {
    for (const { accountId, identity, isOnline } of turns) {
      const data = { identity, isOnline };
      const type = `${presence.name}.identity.changed`;
      await events.append(eventOfHandler({ accountId, type, data, atMs: nowMs() }));
      await changed(accountId, identity);
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
      saidByClient,
      seenBy,
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
export function presenceHandlers({
  register,
  find,
  saidByClient,
  seenBy,
}: PresenceWork['forNodes']): Handlers {
  return {
    async registerEndpoints({ boot, here, gone }, node) {
      onlySignaling(node);
      await register({ nodeId: node.id, boot }, { here, gone });
      return {};
    },
    async askPresence({ accountId, identities, viewer, says }, node) {
      onlySignaling(node);
      if (says !== undefined) await saidByClient(accountId, says);
      return { items: await seenBy(accountId, { viewer, identities }) };
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
