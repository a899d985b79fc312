import { type MoveEffects, NAMED_COUNT_MAX } from '@patchbay/domain/tenancy/move-preview';
import type { MoveQuestion, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { isUniqueViolation } from './database-error.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

/** What else a move changes, of which other stores know. */
export type MovedRules = (
  question: MoveQuestion,
) => Promise<Pick<MoveEffects, 'prices' | 'policy' | 'configuration' | 'brand'>>;

export function moveStore(prisma: PrismaClient, rulesOf: MovedRules): TenancyPorts['moves'] {
  return {
    chainWithin: ({ accountId, descendantId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<{ id: string }[]>`
          SELECT c.ancestor_id AS id FROM account_closure c
          WHERE c.descendant_id = ${descendantId} AND c.valid_to = 'infinity' ORDER BY c.depth DESC`;
        return rows.length === 0 ? undefined : rows.map(({ id }) => id);
      }),

    effects: async (question) => {
      const counted = await inAccount(prisma, question.accountId, (transaction) =>
        countedEffects(transaction, question),
      );
      return { ...counted, ...(await rulesOf(question)) };
    },

    move: async ({ accountId, movedId, parentId }) => {
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          const [collecting] = await transaction.$queryRaw<{ changes: boolean }[]>`
            SELECT own_collector_changes(${movedId}, ${parentId}, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')) AS changes`;
          const suspended = await suspendedWithin(transaction, movedId);
          const [row] = await transaction.$queryRaw<MoveRow[]>`
            SELECT outcome, starts_at, old_parent_id FROM account_move(${movedId}, ${parentId})`;
          if (row === undefined) throw new Error('A move has an outcome.');
          if (row.outcome !== 'moved') return row.outcome;
          // What cannot be for another reason is refused with that.
          if (collecting?.changes === true) throw new OtherCollector();
          const still = await suspendedWithin(transaction, movedId);
          const resumedIds = suspended.filter((id) => !still.includes(id));
          return { startsAt: row.starts_at, oldParentId: row.old_parent_id, resumedIds };
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'external_id_taken';
        if (error instanceof OtherCollector) return 'other_collector';
        throw error;
      }
    },
  };
}

/** Of an account and all below it, those that are suspended themselves. */
async function suspendedWithin(transaction: ScopedTransaction, movedId: string): Promise<readonly string[]> {
  const rows = await transaction.$queryRaw<{ id: string }[]>`
    SELECT a.id FROM account a JOIN account_closure c ON c.descendant_id = a.id
    WHERE c.ancestor_id = ${movedId} AND c.valid_to = 'infinity' AND a.state = 'suspended' ORDER BY a.id`;
  return rows.map(({ id }) => id);
}

/** Takes a move back that was made. */
class OtherCollector extends Error {}

type MoveRow =
  | { readonly outcome: 'moved'; readonly starts_at: Date; readonly old_parent_id: string }
  | { readonly outcome: 'unknown' | 'cycle' | 'other_tree' | 'there_already' };

type Change = 'begins' | 'ends';

/** Rows of which at most so many are named, with the count of all. */
const cut = <Item>(rows: readonly Item[]) => rows.slice(0, NAMED_COUNT_MAX);

async function countedEffects(
  transaction: ScopedTransaction,
  { movedId, before, after }: MoveQuestion,
): Promise<Omit<MoveEffects, 'prices' | 'policy' | 'configuration' | 'brand'>> {
  const ending = before.filter((id) => !after.includes(id));
  const beginning = after.filter((id) => !before.includes(id));
  const concerned = [...ending, ...beginning];
  const subtree = Prisma.sql`SELECT c.descendant_id FROM account_closure c
    WHERE c.ancestor_id = ${movedId} AND c.valid_to = 'infinity'`;

  const [sizes] = await transaction.$queryRaw<Sizes[]>`
    SELECT (SELECT count(*) FROM (${subtree}) s)::int AS accounts,
      (SELECT count(*) FROM session s WHERE s.state <> 'ended' AND s.account_id IN (${subtree}))::int AS sessions,
      (SELECT count(*) FROM api_key k WHERE k.account_id = ANY (${ending}) AND k.revoked_at IS NULL)::int AS keys_ending,
      (SELECT count(*) FROM api_key k WHERE k.account_id = ANY (${beginning}) AND k.revoked_at IS NULL)::int AS keys_beginning`;
  if (sizes === undefined) throw new Error('Counts have a row.');
  const people = await transaction.$queryRaw<MoveEffects['people']>`
    SELECT g.user_id AS "userId", u.name, u.email, g.account_id AS "accountId", coalesce(r.name, g.role) AS role,
      CASE WHEN g.account_id = ANY (${ending}) THEN 'ends' ELSE 'begins' END AS change
    FROM role_grant g JOIN app_user u ON u.id = g.user_id LEFT JOIN account_role r ON r.id = g.custom_role_id
    WHERE g.account_id = ANY (${concerned}) AND g.accepted_at IS NOT NULL ORDER BY change, g.account_id, u.id`;
  const plans = await transaction.$queryRaw<MoveEffects['plans']>`
    SELECT t.account_id AS "accountId", p.id AS "planId", p.name FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id
    WHERE t.account_id IN (${subtree}) AND p.account_id = ANY (${ending}) ORDER BY 1`;
  const words = await transaction.$queryRaw<MoveEffects['words']>`
    SELECT p.account_id AS "accountId", p.set_by AS "setById" FROM policy p
    WHERE p.account_id IN (${subtree}) AND p.set_by = ANY (${ending}) ORDER BY 1, 2 LIMIT ${NAMED_COUNT_MAX}`;
  const resumed = await transaction.$queryRaw<MoveEffects['resumed']>`
    SELECT a.id AS "accountId", a.name FROM account a WHERE a.id IN (${subtree}) AND a.state = 'suspended'
      AND NOT EXISTS (SELECT 1 FROM account_suspension s WHERE s.account_id = a.id AND s.by_id <> ALL (${ending}))
    ORDER BY a.id LIMIT ${NAMED_COUNT_MAX}`;
  const limits = await transaction.$queryRaw<MoveEffects['limits']>`
    SELECT DISTINCT l.account_id AS "accountId", l.per, l.action, l.amount::text, a.currency
    FROM spending_limit l JOIN account a ON a.id = l.account_id
    WHERE l.account_id IN (${subtree}) AND l.set_by_id = ANY (${ending})
    ORDER BY 1, 2, 3, 4 LIMIT ${NAMED_COUNT_MAX}`;
  const webhooks = await transaction.$queryRaw<MoveEffects['webhooks']>`
    SELECT w.id, w.url, w.account_id AS "accountId",
      CASE WHEN w.account_id = ANY (${ending}) THEN 'ends' ELSE 'begins' END AS change FROM webhook w
    WHERE w.account_id = ANY (${concerned}) AND w.scope = 'descendants' AND w.application_id IS NULL ORDER BY change, w.id`;
  const triggers = await triggersOf(transaction, { subtree, before, after });
  return {
    accountCount: sizes.accounts,
    liveSessionCount: sizes.sessions,
    plans: cut(plans),
    words,
    resumed,
    limits,
    people: cut(people),
    triggers: cut(triggers),
    webhooks: cut(webhooks),
    counts: {
      people: people.length,
      triggers: triggers.length,
      webhooks: webhooks.length,
      keysBeginning: sizes.keys_beginning,
      keysEnding: sizes.keys_ending,
    },
  };
}

interface Sizes {
  readonly accounts: number;
  readonly sessions: number;
  readonly keys_ending: number;
  readonly keys_beginning: number;
}

interface TriggerRow {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly is_before: boolean;
  readonly is_after: boolean;
}

/** A trigger counts an account as long as its owner is above, and what it is about is the account or stands above it. */
async function triggersOf(
  transaction: ScopedTransaction,
  { subtree, before, after }: { readonly subtree: Prisma.Sql } & Pick<MoveQuestion, 'before' | 'after'>,
): Promise<MoveEffects['triggers']> {
  const counts = (chain: readonly string[]) => Prisma.sql`(
    (t.account_id = ANY (${[...chain]}) OR t.account_id IN (${subtree})) AND
    (t.target_id IN (${subtree}) OR (t.with_descendants AND t.target_id = ANY (${[...chain]}))))`;
  const rows = await transaction.$queryRaw<TriggerRow[]>`
    SELECT * FROM (
      SELECT t.id, t.name, t.account_id AS "accountId", ${counts(before)} AS is_before, ${counts(after)} AS is_after
      FROM usage_trigger t WHERE t.is_enabled AND t.removed_at IS NULL
    ) t WHERE is_before <> is_after ORDER BY is_after, id`;
  return rows.map(({ is_before, is_after, ...trigger }) => {
    const change: Change = is_after ? 'begins' : 'ends';
    return { ...trigger, change };
  });
}
