import { type PolicyWord, silent } from '@patchbay/domain/policy/policy-level';
import type { ActOutcome, ActPorts, DueFiring } from '@patchbay/domain/triggers/act';
import type { HeldTarget } from '@patchbay/domain/triggers/trigger';
import { HOLD_PLACES } from '../postgres/places.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';
import { ruleFromRow, type TriggerRow } from './trigger-rows.ts';
import { atomically } from './unit-of-work.ts';

/** On which a transaction that fires says so, once it is committed. */
export const TRIGGER_CHANNEL = 'patchbay_triggers';

interface DueRow {
  readonly firing: {
    readonly id: string;
    readonly generation: number;
    readonly window_start: string;
    readonly action: DueFiring['action'];
    readonly value: string;
    readonly progress: string;
  };
  readonly of_trigger: TriggerRow;
  readonly reaches: boolean;
}

interface HeldRow {
  readonly target_id: string;
  readonly application_id: string | null;
  readonly endpoint_id: string | null;
  readonly credential_id: string | null;
}

export interface TriggerOutbox {
  /**
   * Takes one firing that is due and does `act` for it, in one transaction with its being done. What throws is tried again
   * later. @returns false when nothing is due.
   */
  actOnNext(act: (due: DueFiring) => Promise<ActOutcome>): Promise<boolean>;
  /** Ends each hold whose time is over, and does `tell` of what it held, in one transaction. */
  liftHolds(tell: (held: HeldTarget) => Promise<void>): Promise<void>;
  /** Reads what the platform knows of itself, for the triggers that count it. */
  measure(): Promise<void>;
  /** Forgets counters that nothing can count in any more. @returns how many. */
  forget(): Promise<number>;
  readonly holds: Pick<ActPorts, 'hold' | 'holdPolicy' | 'openSessions' | 'suspend'>;
}

/** The actions of triggers that fired: written with the crossing, done exactly once (TRG-2). */
export function triggerOutbox(
  prisma: PrismaClient,
  onFailure: (firingId: string, error: unknown) => void,
): TriggerOutbox {
  const claimed = async (act: (due: DueFiring) => Promise<ActOutcome>, note: (id: string) => void) => {
    // Before anything else: whether who set the trigger still stands above is asked once no move can change it.
    await prisma.$queryRawUnsafe(HOLD_PLACES);
    const [row] = await prisma.$queryRaw<DueRow[]>`SELECT * FROM trigger_claim()`;
    if (row === undefined) return false;
    const due = dueFromRow(row);
    note(due.id);
    const outcome = await act(due);
    const progress = outcome.state === 'pending' ? outcome.progress : due.progress;
    await prisma.$queryRaw`
      SELECT trigger_settle(${due.id}, ${outcome.state}, ${outcome.said}, ${progress})::text`;
    return true;
  };
  return {
    async actOnNext(act) {
      let firingId: string | undefined;
      const note = (id: string) => {
        firingId = id;
      };
      try {
        return await atomically(prisma, () => claimed(act, note));
      } catch (error) {
        if (firingId === undefined) throw error;
        onFailure(firingId, error);
        const said = 'It could not be done, and is tried again.';
        await prisma.$queryRaw`SELECT trigger_postpone(${firingId}, ${said})::text`;
        return true;
      }
    },

    async liftHolds(tell) {
      await atomically(prisma, async () => {
        const rows = await prisma.$queryRaw<HeldRow[]>`SELECT * FROM trigger_end_holds()`;
        for (const row of rows)
          await tell({
            accountId: row.target_id,
            applicationId: row.application_id ?? undefined,
            endpointId: row.endpoint_id ?? undefined,
            credentialId: row.credential_id ?? undefined,
          });
      });
    },

    async measure() {
      await prisma.$queryRaw`SELECT trigger_measure()::text`;
    },

    async forget() {
      const [row] = await prisma.$queryRaw<{ count: bigint }[]>`SELECT trigger_forget() AS count`;
      return Number(row?.count ?? 0n);
    },

    holds: {
      // By the account that set the trigger: it is its word as if it had said it now.
      async suspend({ rule: { target, accountId: byId } }) {
        return inAccount(prisma, target.accountId, async (transaction) => {
          const [held] = await transaction.$queryRaw<{ state: string }[]>`
            SELECT state FROM account WHERE id = ${target.accountId} FOR UPDATE`;
          const added = await transaction.$executeRaw`
            INSERT INTO account_suspension (account_id, by_id, reason)
            SELECT id, ${byId}, 'said' FROM account
            WHERE id = ${target.accountId} AND state <> 'closed' AND parent_id IS NOT NULL ON CONFLICT DO NOTHING`;
          if (added === 0) return 'unchanged';
          return held?.state === 'active' ? 'suspended' : 'was_suspended';
        });
      },

      async openSessions({ rule, progress }, limit) {
        const rows = await prisma.$queryRaw<{ session_id: string }[]>`
          SELECT * FROM trigger_open_sessions(${rule.id}, ${progress}, ${limit})`;
        return rows.map(({ session_id }) => session_id);
      },

      async holdPolicy({ rule }, { values, untilMs }) {
        const word: PolicyWord = { ...silent, values };
        const until = untilMs === undefined ? null : new Date(untilMs);
        await prisma.$queryRaw`
          SELECT trigger_hold_word(${rule.id}, ${JSON.stringify(word)}::jsonb, ${until})::text`;
      },

      async hold({ rule }, { service, config, untilMs }) {
        const until = untilMs === undefined ? null : new Date(untilMs);
        await prisma.$queryRaw`
          SELECT trigger_hold_put(${rule.id}, ${service}, ${JSON.stringify(config)}::jsonb, ${until})::text`;
      },
    },
  };
}

function dueFromRow({ firing, of_trigger: trigger, reaches }: DueRow): DueFiring {
  return {
    id: firing.id,
    action: firing.action,
    windowStartMs: Date.parse(firing.window_start),
    value: firing.value,
    progress: firing.progress,
    rule: ruleFromRow(trigger),
    isCurrent: trigger.is_enabled && trigger.removed_at === null && trigger.generation === firing.generation,
    reaches,
  };
}
