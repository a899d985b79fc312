import { type Budget, budgetsOf } from '@patchbay/domain/policy/decide';
import { calendarWindow } from '@patchbay/domain/policy/local-time';
import { type PolicySubject, policyChain, scopesOf } from '@patchbay/domain/policy/policy-chain';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import { settings } from '@patchbay/domain/policy/settings';
import type { PrismaClient } from './generated/client.ts';

export interface Claim extends PolicySubject {
  /** The session. The same one counts once in a scope, whoever asks. */
  readonly holdId: string;
  readonly nodeId: string;
  /** It began before anything was counted: it counts now, and is not refused. */
  readonly isRunning: boolean;
  readonly nowMs: number;
}

export type ClaimAnswer =
  | { readonly isAdmitted: true }
  | { readonly isAdmitted: false; readonly budget: Budget; readonly retryAfterMs: number };

/** Counts sessions over all nodes and processes, exactly: in the database, one after the other where there is a limit. */
export interface PolicyClaims {
  claim(claim: Claim): Promise<ClaimAnswer>;
  /** `keptIds`: all that the node holds; whatever else it held has ended. */
  release(holds: {
    readonly nodeId: string;
    readonly releasedIds: readonly string[];
    readonly keptIds?: readonly string[] | undefined;
  }): Promise<void>;
}

export function policyClaims(
  prisma: PrismaClient,
  policies: Pick<PolicyPorts['policies'], 'chain'>,
): PolicyClaims {
  return {
    async claim({ holdId, nodeId, isRunning, nowMs, ...subject }) {
      const accountId = subject.chain.at(-1) ?? '';
      const chain = policyChain(subject, await policies.chain({ accountId }));
      const budgets = budgetsOf(chain).filter(({ setting }) => settings[setting].counts.what === 'sessions');
      const limits = budgets.map(({ setting, scope, max, timeZone }) => {
        const { over } = settings[setting].counts;
        const day = over === 'day' ? { startAt: startOf(timeZone, nowMs).toISOString() } : {};
        return { scope, over, max, ...day };
      });
      const [row] = await prisma.$queryRaw<{ place: number | null }[]>`
        SELECT policy_claim(${holdId}, ${nodeId}, ${[...scopesOf(subject)]}::text[], ${JSON.stringify(limits)}::jsonb,
          ${isRunning}) AS place`;
      const budget = row?.place == null ? undefined : budgets[row.place];
      if (budget === undefined) return { isAdmitted: true };
      return { isAdmitted: false, budget, ...retryOf(budget, nowMs) };
    },

    async release({ nodeId, releasedIds, keptIds }) {
      await prisma.$queryRaw`
        SELECT policy_release(${nodeId}, ${[...releasedIds]}::text[], ${keptIds === undefined ? null : [...keptIds]}::text[])::text`;
    },
  };
}

const startOf = (timeZone: string, nowMs: number) => new Date(calendarWindow('day', timeZone, nowMs).startMs);

/** A day has an end. What others hold ends when they like: a few seconds are worth a try. */
function retryOf({ setting, timeZone }: Budget, nowMs: number): { readonly retryAfterMs: number } {
  switch (settings[setting].counts.over) {
    case 'day':
      return { retryAfterMs: calendarWindow('day', timeZone, nowMs).endMs - nowMs };
    case 'minute':
      return { retryAfterMs: 10_000 };
    default:
      return { retryAfterMs: 5_000 };
  }
}
