import { randomBytes } from 'node:crypto';
import type { LogicKind } from '@patchbay/domain/logic/definition';
import { type LogicMapping, type LogicPorts, MAPPING_COUNT_MAX } from '@patchbay/domain/logic/ports';
import { createId } from '@patchbay/kit/ids';
import { WEBHOOK_SECRET_BYTES, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import type { PrismaClient } from './generated/client.ts';
import { isHeldPlace } from './held-place.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

interface MappingRow {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId: string | null;
  readonly endpointId: string | null;
  readonly kind: string;
  readonly url: string;
  readonly fallbackUrl: string | null;
  readonly createdAt: Date;
}

const fromRow = (row: MappingRow): LogicMapping => ({
  ...row,
  applicationId: row.applicationId ?? undefined,
  endpointId: row.endpointId ?? undefined,
  // A check on the column holds it to these.
  kind: row.kind as LogicKind,
  fallbackUrl: row.fallbackUrl ?? undefined,
});

export function logicMappingStore(prisma: PrismaClient): LogicPorts['mappings'] {
  return {
    list: ({ accountId, applicationId, endpointId, place, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ logicMapping }) => {
        const rows = await logicMapping.findMany({
          where: {
            accountId,
            id: { gt: cursor },
            ...(place === 'account' ? { applicationId: null, endpointId: null } : {}),
            ...(applicationId === undefined ? {} : { applicationId }),
            ...(endpointId === undefined ? {} : { endpointId }),
          },
          orderBy: { id: 'asc' },
          take: limit + 1,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      }),

    find: ({ accountId, mappingId }) =>
      inAccount(prisma, accountId, async ({ logicMapping }) => {
        const row = await logicMapping.findFirst({ where: { accountId, id: mappingId } });
        return row === null ? undefined : fromRow(row);
      }),

    set: ({ accountId, applicationId = null, endpointId = null, kind, url, fallbackUrl = null }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await inTurn(transaction, accountId);
        const place = { accountId, applicationId, endpointId };
        if (!(await isHeldPlace(transaction, place))) return 'unknown';
        const { logicMapping } = transaction;
        const before = await logicMapping.findFirst({ where: place });
        const said = { kind, url, fallbackUrl };
        if (before !== null) {
          const after = await logicMapping.update({ where: { id: before.id }, data: said });
          return { before: fromRow(before), after: fromRow(after), isFirst: false };
        }
        const count = await logicMapping.count({ where: { accountId } });
        if (count >= MAPPING_COUNT_MAX) return 'too_many';
        const after = await logicMapping.create({ data: { id: createId('lgm'), ...place, ...said } });
        return { before: undefined, after: fromRow(after), isFirst: count === 0 };
      }),

    remove: ({ accountId, mappingId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await inTurn(transaction, accountId);
        const row = await transaction.logicMapping.findFirst({ where: { accountId, id: mappingId } });
        if (row === null) return undefined;
        await transaction.logicMapping.deleteMany({ where: { accountId, id: mappingId } });
        return fromRow(row);
      }),
  };
}

/** Changes of one account are made one after the other, so each knows what stood before it (ACC-8). */
async function inTurn(transaction: ScopedTransaction, accountId: string): Promise<void> {
  const lock = JSON.stringify(['logic', accountId]);
  await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
}

export function logicSecretStore(prisma: PrismaClient, cipher: MintBranchCipher): LogicPorts['secrets'] {
  const newSecret = (accountId: string) => {
    const bytes = randomBytes(WEBHOOK_SECRET_BYTES);
    return { text: webhookSecretText(bytes), sealed: cipher.seal(accountId, bytes) };
  };
  return {
    ensure: ({ accountId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await inTurn(transaction, accountId);
        if ((await transaction.logicSecret.count({ where: { accountId } })) > 0) return undefined;
        const { text, sealed } = newSecret(accountId);
        await transaction.logicSecret.create({ data: { accountId, secretCiphertext: sealed } });
        return text;
      }),

    rotate: ({ accountId, previousEndsAt }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await inTurn(transaction, accountId);
        const before = await transaction.logicSecret.findUnique({ where: { accountId } });
        const { text, sealed } = newSecret(accountId);
        const previous = {
          previousCiphertext: previousEndsAt === undefined ? null : (before?.secretCiphertext ?? null),
          previousEndsAt: before === null ? null : (previousEndsAt ?? null),
        };
        await transaction.logicSecret.upsert({
          where: { accountId },
          create: { accountId, secretCiphertext: sealed },
          update: { secretCiphertext: sealed, ...previous },
        });
        return text;
      }),
  };
}

/** What decides about calls to an endpoint, and what its requests are signed with: the newest secret first. */
export interface LogicInForce extends LogicMapping {
  readonly identifier: string;
  readonly secrets: readonly Uint8Array[];
}

export interface LogicLookup {
  /** Of an endpoint of the account, as it is called. The nearest place has its way: endpoint, application, account. */
  of(called: {
    readonly accountId: string;
    readonly identifier: string;
    readonly nowMs: number;
  }): Promise<LogicInForce | undefined>;
  isNear(accountId: string): Promise<boolean>;
}

export function logicLookup(prisma: PrismaClient, cipher: MintBranchCipher): LogicLookup {
  return {
    of: ({ accountId, identifier, nowMs }) =>
      inAccount(prisma, accountId, async ({ endpoint, logicMapping, logicSecret }) => {
        const called = await endpoint.findFirst({
          where: { accountId, identifier, restsUntil: null },
          select: { id: true, applicationId: true },
        });
        const places = await logicMapping.findMany({
          where: {
            accountId,
            OR: [
              { applicationId: null, endpointId: null },
              ...(called === null ? [] : [{ endpointId: called.id }]),
              ...(called?.applicationId == null ? [] : [{ applicationId: called.applicationId }]),
            ],
          },
        });
        const nearest =
          places.find((one) => one.endpointId !== null) ??
          places.find((one) => one.applicationId !== null) ??
          places[0];
        const secret = await logicSecret.findUnique({ where: { accountId } });
        if (nearest === undefined || secret === null) return undefined;
        const { secretCiphertext, previousCiphertext, previousEndsAt } = secret;
        const isPreviousInForce = (previousEndsAt?.getTime() ?? 0) > nowMs;
        const sealed = [
          secretCiphertext,
          ...(isPreviousInForce && previousCiphertext ? [previousCiphertext] : []),
        ];
        return { ...fromRow(nearest), identifier, secrets: sealed.map((one) => cipher.open(accountId, one)) };
      }),

    async isNear(accountId) {
      const [row] = await prisma.$queryRaw<{ near: boolean }[]>`SELECT logic_is_near(${accountId}) AS near`;
      return row?.near === true;
    },
  };
}
