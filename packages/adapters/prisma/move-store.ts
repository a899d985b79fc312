import { accountsLeft, isMoveHeld, type Said } from '@patchbay/domain/tenancy/held-moves';
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

    aheadMsOf: (accountId) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [row] = await transaction.$queryRaw<
          { ms: bigint }[]
        >`SELECT account_ahead_ms(${accountId}) AS ms`;
        return Number(row?.ms ?? 0);
      }),

    effects: async (question) => {
      const counted = await inAccount(prisma, question.accountId, (transaction) =>
        countedEffects(transaction, question),
      );
      return { ...counted, ...(await rulesOf(question)) };
    },

    move: async ({ accountId, movedId, parentId, moverId }) => {
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          await transaction.$queryRaw`
            SELECT pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0))::text`;
          const before = await chainOf(transaction, movedId);
          const after = [...(await chainOf(transaction, parentId)), movedId];
          const left = accountsLeft({ before, after });
          const isHeld = isMoveHeld(await saidOfLeft(transaction, left), { before, after }, moverId);
          const fallen = await saidByLeft(transaction, { movedId, left });
          const [collecting] = await transaction.$queryRaw<{ changes: boolean }[]>`
            SELECT own_collector_changes(${movedId}, ${parentId}, to_char(account_now(${movedId}) AT TIME ZONE 'UTC', 'YYYY-MM')) AS changes`;
          const suspended = await suspendedWithin(transaction, movedId);
          const [row] = await transaction.$queryRaw<MoveRow[]>`
            SELECT outcome, starts_at, old_parent_id FROM account_move(${movedId}, ${parentId})`;
          if (row === undefined) throw new Error('A move has an outcome.');
          if (row.outcome !== 'moved') return row.outcome;
          // What cannot be for another reason is refused with that.
          if (isHeld) throw new TakenBack('held_above');
          if (collecting?.changes === true) throw new TakenBack('other_collector');
          const still = await suspendedWithin(transaction, movedId);
          const resumedIds = suspended.filter((id) => !still.includes(id));
          return { startsAt: row.starts_at, oldParentId: row.old_parent_id, resumedIds, fallen };
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'external_id_taken';
        if (error instanceof TakenBack) return error.refusal;
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
class TakenBack extends Error {
  readonly refusal: 'held_above' | 'other_collector';

  constructor(refusal: TakenBack['refusal']) {
    super(`A move is refused: ${refusal}.`);
    this.refusal = refusal;
  }
}

/** From the platform down to an account, with those that are out of scope. */
async function chainOf(transaction: ScopedTransaction, accountId: string): Promise<readonly string[]> {
  const rows = await transaction.$queryRaw<{ id: string }[]>`SELECT id FROM account_chain(${accountId})`;
  return rows.map(({ id }) => id);
}

/** Everything that accounts, and their triggers, say of others, whoever of them; and whether it keeps those below from something as well. */
const everySaid = Prisma.sql`(
  SELECT account_id, by_id, 'suspension' AS kind, true AS reaches_down FROM account_suspension
  UNION ALL SELECT account_id, set_by, 'policy', application_id = '' AND endpoint = '' FROM policy WHERE by = 'above'
  UNION ALL SELECT account_id, set_by, 'configuration', application_id = '' AND endpoint_id = '' FROM service_config WHERE set_by <> ''
  UNION ALL SELECT account_id, set_by, 'service', state = 'disabled' FROM service_access WHERE set_by <> ''
  UNION ALL SELECT account_id, set_by, 'allow-list', true FROM allow_list_entry WHERE set_by <> ''
  UNION ALL SELECT account_id, set_by, 'retention', true FROM retention_word WHERE set_by <> ''
  UNION ALL SELECT account_id, owner_id, 'plan', true FROM account_plan
  UNION ALL SELECT account_id, set_by_id, 'limit', true FROM spending_limit
  UNION ALL SELECT account_id, by_id, 'prepaid', true FROM prepaid_word
  UNION ALL SELECT account_id, by_id, 'credit-line', false FROM credit_line
  UNION ALL SELECT account_id, set_by_id, 'overdue', true FROM overdue_account WHERE word IS NOT NULL
  UNION ALL SELECT account_id, by_id, 'trigger', reaches_down FROM trigger_holds_in_force())`;

/**
 * What is said of accounts that another will not stand below any more. Whoever says something of one of them meanwhile holds
 * its row, or the lock of moves: they come before, or after.
 */
async function saidOfLeft(transaction: ScopedTransaction, left: readonly string[]): Promise<readonly Said[]> {
  await transaction.$queryRaw`SELECT id FROM account WHERE id = ANY (${[...left]}) ORDER BY id FOR NO KEY UPDATE`;
  return await saidOf(transaction, left);
}

const saidOf = (transaction: ScopedTransaction, accountIds: readonly string[]) =>
  transaction.$queryRaw<Said[]>`
    SELECT DISTINCT account_id AS "accountId", by_id AS "byId", kind FROM ${everySaid} s
    WHERE account_id = ANY (${[...accountIds]}) AND reaches_down`;

/** What accounts that are above no more had said of those that move, of each at most so many as a preview names. */
const saidByLeft = (
  transaction: ScopedTransaction,
  { movedId, left }: { readonly movedId: string; readonly left: readonly string[] },
) =>
  transaction.$queryRaw<Said[]>`
    SELECT "accountId", "byId", kind FROM (
      SELECT *, row_number() OVER (PARTITION BY "byId" ORDER BY "accountId", kind) AS place FROM (
        SELECT DISTINCT s.account_id AS "accountId", s.by_id AS "byId", s.kind FROM ${everySaid} s
        WHERE s.by_id = ANY (${[...left]}) AND s.account_id IN (SELECT c.descendant_id FROM account_closure c
          WHERE c.ancestor_id = ${movedId} AND c.valid_to = 'infinity')) d) n
    WHERE place <= ${NAMED_COUNT_MAX} ORDER BY "byId", place`;

type MoveRow =
  | { readonly outcome: 'moved'; readonly starts_at: Date; readonly old_parent_id: string }
  | { readonly outcome: 'unknown' | 'cycle' | 'other_tree' | 'there_already' };

type Change = 'begins' | 'ends';

/** Rows of which at most so many are named, with the count of all. */
const cut = <Item>(rows: readonly Item[]) => rows.slice(0, NAMED_COUNT_MAX);

async function countedEffects(
  transaction: ScopedTransaction,
  { movedId, before, after, moverId }: MoveQuestion,
): Promise<Omit<MoveEffects, 'prices' | 'policy' | 'configuration' | 'brand'>> {
  const ending = accountsLeft({ before, after });
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
    SELECT DISTINCT s.account_id AS "accountId", s.by_id AS "setById" FROM ${everySaid} s
    WHERE s.account_id IN (${subtree}) AND s.by_id = ANY (${ending})
      AND s.kind IN ('policy', 'configuration', 'service', 'allow-list', 'retention') ORDER BY 1, 2 LIMIT ${NAMED_COUNT_MAX}`;
  const resumed = await transaction.$queryRaw<MoveEffects['resumed']>`
    WITH stopped AS (
      SELECT x.id, x.state = 'closed' OR EXISTS (SELECT 1 FROM account_suspension s
        WHERE s.account_id = x.id AND s.by_id <> ALL (${ending})) AS stays_so
      FROM account x WHERE x.id IN (${subtree}) AND x.state <> 'active')
    SELECT a.id AS "accountId", a.name FROM account a
      LEFT JOIN LATERAL (SELECT count(*) AS of_all, count(*) FILTER (WHERE w.stays_so) AS of_staying FROM stopped w
        JOIN account_closure c ON c.ancestor_id = w.id AND c.descendant_id = a.id AND c.valid_to = 'infinity') n ON true
    WHERE a.id IN (${subtree}) AND n.of_staying = 0
      AND (n.of_all > 0 OR EXISTS (SELECT 1 FROM account l WHERE l.id = ANY (${ending}) AND l.state <> 'active'))
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
    heldAbove: isMoveHeld(await saidOf(transaction, ending), { before, after }, moverId),
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
