import type { Action, DropReason } from '@patchbay/protocol/turn/action';
import type { TurnCore } from '@patchbay/protocol/turn/core';
import type { DataPath } from '@patchbay/protocol/turn/data-path';
import type { Faults } from '../platform/faults.ts';
import type { LiveAllocations } from './live-allocations.ts';
import type { PlatformLink } from './platform-link.ts';
import type { RelayStats } from './relay-options.ts';
import type { UsageMeter } from './usage-meter.ts';

type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;

export interface ActionRunner {
  perform(actions: readonly Action[]): void;
  /** Settles when nothing is under way any more. */
  settle(): Promise<void>;
  counts(): Omit<RelayStats, 'allocationCount' | 'isDraining' | 'faultCount'>;
}

/** Does what the core's actions say, in their order, and brings the core the answers that come later. */
export function createActionRunner(parts: {
  readonly core: TurnCore;
  readonly dataPath: DataPath;
  readonly meter: UsageMeter;
  readonly link: PlatformLink;
  readonly live: LiveAllocations;
  readonly nowMs: () => number;
  readonly faults: Faults;
  /** Called after each batch, as the core's next deadline may have moved. */
  readonly onPerformed: () => void;
}): ActionRunner {
  const { core, dataPath, meter, link, live, nowMs } = parts;
  const attempts = { discovery: { succeeded: 0, refused: 0 }, relay: { succeeded: 0, refused: 0 } };
  const requestDrops: Partial<Record<DropReason, number>> = {};
  const underWay = new Set<Promise<void>>();

  /** Runs what answers later, and keeps it until it has, so that a stop can wait for it. */
  const follow = (work: Promise<readonly Action[]>) => {
    const kept = work
      .then(perform)
      .catch((error: unknown) => parts.faults.met('action', error))
      .finally(() => underWay.delete(kept));
    underWay.add(kept);
  };
  const resolve = async (username: string) => {
    const resolution = await link.resolve(username);
    return core.resolved(username, resolution, nowMs());
  };
  const countUse = async ({ type: _, allocationId, ...use }: ActionOf<'countUse'>) => {
    const answer = await link.countUse(use);
    return core.useCounted(allocationId, answer, nowMs());
  };
  const open = async ({ allocationId, client, families, port }: ActionOf<'openRelay'>) => {
    const opened = await dataPath.open({ id: allocationId, client, families, port });
    return core.relayOpened(allocationId, opened, nowMs());
  };
  const close = async (allocationId: string, ended?: ActionOf<'ended'>) => {
    const totals = await dataPath.remove(allocationId);
    if (totals !== undefined && ended !== undefined) {
      meter.ended(allocationId, totals, ended.atMs);
      live.ended(ended, totals);
    }
    return [];
  };

  function perform(actions: readonly Action[]): void {
    for (const action of actions) performContained(action);
    parts.onPerformed();
  }

  // One that fails keeps none of the others from being done.
  const performContained = parts.faults.contained('action', performOne);

  function performOne(action: Action): void {
    switch (action.type) {
      case 'send':
        dataPath.reply(action.client, action.bytes);
        break;
      case 'drop':
        requestDrops[action.reason] = (requestDrops[action.reason] ?? 0) + 1;
        break;
      case 'resolveCredential':
        follow(resolve(action.username));
        break;
      case 'countUse':
        follow(countUse(action));
        break;
      case 'openRelay':
        follow(open(action));
        break;
      case 'closeRelay':
        follow(close(action.allocationId));
        break;
      case 'closeFamily':
        dataPath.closeFamily(action.allocationId, action.family);
        break;
      case 'releaseReservation':
        dataPath.releaseReservation(action.token);
        break;
      case 'limit':
        dataPath.limit(action.allocationId, action.limits);
        break;
      case 'permit':
        dataPath.permit(action.allocationId, action.peer, action.untilMs);
        break;
      case 'bindChannel':
        dataPath.bindChannel(action.allocationId, action);
        break;
      case 'attempted':
        attempts[action.kind][action.outcome]++;
        meter.attempted(action, nowMs());
        live.refused(action);
        break;
      case 'allocated':
        meter.allocated(action, action.atMs);
        live.started(action);
        break;
      case 'classChanged':
        meter.classChanged(action.allocationId, action.bandwidthClass, action.atMs);
        break;
      case 'limitReached':
        live.limitReached(action);
        break;
      case 'mediaStarted':
        meter.mediaStarted(action.allocationId, nowMs());
        live.mediaStarted(action);
        break;
      case 'ended':
        follow(close(action.allocationId, action));
        break;
      default:
        action satisfies never;
    }
  }

  return {
    perform,
    async settle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    counts: () => ({
      attempts: structuredClone(attempts),
      requestDrops: { ...requestDrops },
      packetDrops: { ...dataPath.strayDrops },
    }),
  };
}
