import type { StoredPolicy } from '@patchbay/domain/policy/policy-chain';
import { type PolicyHold, type PolicyWord, saysNothing, silent } from '@patchbay/domain/policy/policy-level';
import {
  type AssignedPlan,
  PLACE_COUNT_FROM_ABOVE_MAX,
  PLACE_COUNT_MAX,
  type PlanRecord,
  type PolicyPorts,
} from '@patchbay/domain/policy/ports';
import { createId } from '@patchbay/kit/ids';
import { textArray } from '../metering/array-literal.ts';
import { rowsInAccount, rowsOf } from '../postgres/at-once.ts';
import { isUniqueViolation } from './database-error.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { isHeldPlace } from './held-place.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { standsAbove } from './stands-above.ts';

const toJson = (word: PolicyWord) => word as unknown as Prisma.InputJsonValue;

export function policyStore(prisma: PrismaClient): PolicyPorts['policies'] {
  return {
    chain: async ({ accountId }) => {
      const rows = await rowsOf<StoredRow>(prisma, {
        text: `SELECT account_id, time_zone, by, plan_id, application_id, instance_type, region, endpoint, word
          FROM policy_chain($1)`,
        values: [accountId],
      });
      return rows.map(policyFromRow);
    },

    timeZone: async ({ accountId }) => {
      const [row] = await rowsInAccount<{ readonly timeZone: string }>(prisma, accountId, {
        text: 'SELECT time_zone AS "timeZone" FROM account WHERE id = $1',
        values: [accountId],
      });
      return row?.timeZone ?? 'UTC';
    },

    saying: async ({ accountIds, settings }) => {
      const rows = await rowsOf<{ readonly id: string }>(prisma, {
        text: 'SELECT id FROM policy_saying($1, $2) AS id',
        values: [textArray(accountIds), textArray(settings)],
      });
      return new Set(rows.map(({ id }) => id));
    },

    set: ({ accountId, by, setById = '', word, ...place }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { applicationId = '', instanceType = '', region = '', endpoint = '' } = place;
        const id = { accountId, by, setBy: setById, applicationId, instanceType, region, endpoint };
        // One at a time, so that what one says was there before is what the other made of it (ACC-8).
        const lock = JSON.stringify(['policy', accountId]);
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
        if (by === 'above' && !(await standsAbove(transaction, accountId, setById))) return 'not_above';
        if (!(await isHeldPlace(transaction, { accountId, applicationId, instanceType }))) return 'unknown';
        const key = { accountId_by_setBy_applicationId_instanceType_region_endpoint: id };
        const before = await transaction.policy.findUnique({ where: key, select: { word: true } });
        if (before === null && !saysNothing(word) && (await isFull(transaction, id))) return 'too_many';
        if (saysNothing(word)) await transaction.policy.deleteMany({ where: id });
        else {
          const value = { word: toJson(word), updatedAt: new Date() };
          await transaction.policy.upsert({ where: key, create: { ...id, ...value }, update: value });
        }
        return (before?.word ?? silent) as PolicyWord;
      }),
  };
}

/** What those above say takes no place of the account's own, or a full account would be out of reach of their words. */
async function isFull(transaction: ScopedTransaction, id: PlaceKey): Promise<boolean> {
  const { policy } = transaction;
  const { accountId, by, setBy, ...place } = id;
  if (by === 'self') return (await policy.count({ where: { accountId, by } })) >= PLACE_COUNT_MAX;
  const whole = { applicationId: '', instanceType: '', region: '', endpoint: '' };
  if (Object.values(place).every((name) => name === '')) return false;
  // Instance types that are away take no place: the account would fill all by removing what is spoken of.
  const [row] = await transaction.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS count FROM policy p LEFT JOIN application a ON a.account_id = p.account_id AND a.id = p.application_id
    WHERE p.account_id = ${accountId} AND p.set_by = ${setBy} AND (p.application_id, p.region, p.endpoint) <> ('', '', '')
      AND (p.instance_type = '' OR p.instance_type = ANY (a.instance_types))`;
  return Number(row?.count ?? 0) >= PLACE_COUNT_FROM_ABOVE_MAX;
}

type PlaceKey = Prisma.PolicyAccountIdBySetByApplicationIdInstanceTypeRegionEndpointCompoundUniqueInput;

export interface StoredRow {
  readonly account_id: string;
  readonly time_zone: string;
  readonly by: StoredPolicy['by'];
  readonly plan_id: string;
  readonly application_id: string;
  readonly instance_type: string;
  readonly region: string;
  readonly endpoint: string;
  readonly word: PolicyWord & {
    readonly isHeld?: true;
    readonly setById?: string;
    readonly heldBy?: PolicyHold;
    readonly credentialId?: string;
  };
}

const named = <Name extends string>(name: Name, text: string) =>
  (text === '' ? {} : { [name]: text }) as { readonly [N in Name]?: string };

export const policyFromRow = ({
  word: { isHeld: _, setById, heldBy, credentialId, ...word },
  ...row
}: StoredRow): StoredPolicy => ({
  accountId: row.account_id,
  timeZone: row.time_zone,
  by: row.by,
  ...named('planId', row.plan_id),
  ...named('applicationId', row.application_id),
  ...named('instanceType', row.instance_type),
  ...named('region', row.region),
  ...named('endpoint', row.endpoint),
  ...(setById === undefined ? {} : { setById }),
  ...(heldBy === undefined ? {} : { heldBy }),
  ...(credentialId === undefined ? {} : { credentialId }),
  word,
});

interface PlanRow {
  readonly id: string;
  readonly name: string;
  readonly word: PolicyWord;
  readonly account_count: bigint;
  readonly created_at: Date;
}

const planFromRow = (row: PlanRow): PlanRecord => ({
  id: row.id,
  name: row.name,
  word: row.word,
  accountCount: Number(row.account_count),
  createdAt: row.created_at,
});

async function findPlan(transaction: ScopedTransaction, accountId: string, planId: string) {
  const rows = await transaction.$queryRaw<PlanRow[]>`
    SELECT id, name, word, policy_plan_count(id) AS account_count, created_at FROM policy_plan
    WHERE account_id = ${accountId} AND id = ${planId} FOR UPDATE`;
  return rows[0] && planFromRow(rows[0]);
}

async function unlessTaken<Result>(work: () => Promise<Result>): Promise<Result | 'name_taken'> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) return 'name_taken';
    throw error;
  }
}

export function planStore(prisma: PrismaClient): PolicyPorts['plans'] {
  return {
    list: ({ accountId, cursor = '', limit }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<PlanRow[]>`
          SELECT id, name, word, policy_plan_count(id) AS account_count, created_at FROM policy_plan
          WHERE account_id = ${accountId} AND id > ${cursor} ORDER BY id LIMIT ${limit + 1}`;
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: planFromRow });
      }),

    find: ({ accountId, planId }) =>
      inAccount(prisma, accountId, (transaction) => findPlan(transaction, accountId, planId)),

    create: ({ accountId, name, word }) =>
      unlessTaken(() =>
        inAccount(prisma, accountId, async ({ policyPlan }) => {
          const data = { id: createId('pln'), accountId, name, word: toJson(word) };
          const { id, createdAt } = await policyPlan.create({ data, select: { id: true, createdAt: true } });
          return { id, name, word, accountCount: 0, createdAt };
        }),
      ),

    update: ({ accountId, planId, name, word }) =>
      unlessTaken(() =>
        inAccount(prisma, accountId, async (transaction) => {
          const before = await findPlan(transaction, accountId, planId);
          if (before === undefined) return undefined;
          await transaction.policyPlan.updateMany({
            where: { accountId, id: planId },
            data: { name, word: toJson(word) },
          });
          return { before, after: { ...before, name, word } };
        }),
      ),

    remove: ({ accountId, planId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const before = await findPlan(transaction, accountId, planId);
        if (before === undefined) return undefined;
        if (before.accountCount > 0) return 'in_use';
        await transaction.policyPlan.deleteMany({ where: { accountId, id: planId } });
        return before;
      }),

    assigned: ({ accountId, ownerIds }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<AssignedRow[]>`
          SELECT plan_id, owner_id, name FROM policy_plans_of(${accountId}, ${[...ownerIds]}::text[])`;
        return rows.map(({ plan_id: planId, owner_id: ownerId, name }) =>
          planId === null || ownerId === null || name === null ? {} : { planId, ownerId, name },
        );
      }),

    assign: ({ accountId, planId, ownerIds: [topId = accountId, ...ownerIds] }) =>
      // In the scope of the highest that may: the plan is one of its own, or of an account between.
      inAccount(prisma, topId, async (transaction) => {
        const plan = await transaction.policyPlan.findFirst({
          where: { id: planId, accountId: { in: [topId, ...ownerIds] } },
          select: { name: true, accountId: true },
        });
        if (plan === null || !(await standsAbove(transaction, accountId, plan.accountId))) return undefined;
        const { accountId: ownerId, name } = plan;
        const before = await planOfOwner(transaction, { accountId, ownerId });
        await transaction.accountPlan.upsert({
          where: { accountId_ownerId: { accountId, ownerId } },
          create: { accountId, ownerId, planId },
          update: { planId },
        });
        return { before, after: { planId, ownerId, name } };
      }),

    unassign: ({ accountId, ownerId }) =>
      inAccount(prisma, ownerId, async (transaction) => {
        const before = await planOfOwner(transaction, { accountId, ownerId });
        await transaction.accountPlan.deleteMany({ where: { accountId, ownerId } });
        return before;
      }),
  };
}

interface AssignedRow {
  readonly plan_id: string | null;
  readonly owner_id: string | null;
  readonly name: string | null;
}

async function planOfOwner(
  transaction: ScopedTransaction,
  key: { readonly accountId: string; readonly ownerId: string },
): Promise<AssignedPlan | undefined> {
  // Of two that change it at once, what one says was there before is what the other made of it (ACC-8).
  const lock = JSON.stringify(['plan', key.accountId, key.ownerId]);
  await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
  const row = await transaction.accountPlan.findUnique({
    where: { accountId_ownerId: key },
    select: { planId: true, plan: { select: { name: true } } },
  });
  return row === null ? undefined : { planId: row.planId, ownerId: key.ownerId, name: row.plan.name };
}
