import { AUTHENTICATING_PER_TREE_MAX } from '@patchbay/domain/access/authenticating';
import { listsHere } from '@patchbay/domain/access/listed';
import type {
  AccessPorts,
  AllowListEntry,
  DeclaredUse,
  RefusedNetworks,
  SaidAllowLists,
  SaidServiceAccess,
} from '@patchbay/domain/access/ports';
import { isChanged } from '@patchbay/kit/is-changed';
import type { PrismaClient } from './generated/client.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { standsAbove } from './stands-above.ts';

/** One change of an account at a time, so that what one says was there before is what the other made of it (ACC-8). */
async function inTurn(transaction: ScopedTransaction, accountId: string): Promise<void> {
  const lock = JSON.stringify(['access', accountId]);
  await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
}

export function allowListStore(prisma: PrismaClient): AccessPorts['allowLists'] {
  return {
    list: ({ accountId }) => inAccount(prisma, accountId, (transaction) => saidLists(transaction, accountId)),

    replace: ({ accountId, setById = '', keys, credentials }) =>
      inAccount(prisma, accountId, async (transaction) => {
        if (setById !== '' && !(await standsAbove(transaction, accountId, setById))) return 'not_above';
        await inTurn(transaction, accountId);
        const refused = await refusedNetworks(transaction, { accountId, credentials });
        if (refused !== undefined) return refused;
        const said = await saidLists(transaction, accountId);
        const authenticating = credentials.filter(({ authenticates }) => authenticates);
        const networks = authenticating.map(({ network }) => network);
        const ofAccount = { purpose: 'credentials', setBy: '' };
        await transaction.allowListEntry.deleteMany({
          where: {
            accountId,
            OR: [
              { setBy: setById },
              { ...ofAccount, authenticates: true },
              { ...ofAccount, network: { in: networks } },
            ],
          },
        });
        const plain = credentials.filter(({ authenticates }) => !authenticates);
        const data = [
          ...keys.map((entry) => ({ accountId, setBy: setById, purpose: 'keys', ...entry })),
          ...plain.map((entry) => ({ accountId, setBy: setById, purpose: 'credentials', ...entry })),
          ...authenticating.map((entry) => ({ accountId, ...ofAccount, ...entry })),
        ];
        await transaction.allowListEntry.createMany({ data });
        return listsHere(said, setById === '' ? undefined : setById);
      }),
  };
}

async function saidLists(
  transaction: ScopedTransaction,
  accountId: string,
): Promise<readonly SaidAllowLists[]> {
  const rows = await transaction.allowListEntry.findMany({
    where: { accountId },
    orderBy: [{ label: 'asc' }, { network: 'asc' }],
  });
  return [...Map.groupBy(rows, ({ setBy }) => setBy)].map(([setBy, entries]) => {
    const of = (wanted: string) =>
      entries
        .filter(({ purpose }) => purpose === wanted)
        .map(({ network, label, authenticates }) => ({ network, label, authenticates }));
    const lists = { keys: of('keys'), credentials: of('credentials') };
    return setBy === '' ? lists : { setById: setBy, ...lists };
  });
}

async function refusedNetworks(
  transaction: ScopedTransaction,
  { accountId, credentials }: { readonly accountId: string; readonly credentials: readonly AllowListEntry[] },
): Promise<RefusedNetworks | undefined> {
  const wanted = credentials.filter(({ authenticates }) => authenticates).map(({ network }) => network);
  if (wanted.length === 0) return undefined;
  const [refused] = await transaction.$queryRaw<{ network: string; reason: RefusedNetworks['reason'] }[]>`
    SELECT network, reason
    FROM authenticating_networks_refused(${accountId}, ${wanted}, ${AUTHENTICATING_PER_TREE_MAX}::integer)`;
  return refused;
}

/** The networks that count as an account without a credential, of all accounts: for relays. */
export const authenticatingNetworks = (
  prisma: PrismaClient,
): Promise<readonly { readonly accountId: string; readonly network: string }[]> =>
  prisma.$queryRaw`SELECT account_id AS "accountId", network FROM authenticating_networks()`;

interface ServiceRow {
  readonly setBy: string;
  readonly service: string;
  readonly state: string;
  readonly uses: readonly string[];
  readonly sessionsPerDay: number | null;
  readonly minutesPerSession: number | null;
  readonly changedAt: Date;
}

// State and uses are written here alone, as the definition has them.
const fromRow = (row: ServiceRow): SaidServiceAccess => ({
  service: row.service,
  ...(row.setBy === '' ? {} : { setById: row.setBy }),
  state: row.state as SaidServiceAccess['state'],
  uses: row.uses as readonly DeclaredUse[],
  ...(row.sessionsPerDay === null ? {} : { sessionsPerDay: row.sessionsPerDay }),
  ...(row.minutesPerSession === null ? {} : { minutesPerSession: row.minutesPerSession }),
  changedAt: row.changedAt,
});

export function serviceAccessStore(prisma: PrismaClient): AccessPorts['serviceAccess'] {
  return {
    list: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ serviceAccess }) =>
        (await serviceAccess.findMany({ where: { accountId }, orderBy: { service: 'asc' } })).map(fromRow),
      ),

    put: ({ accountId, setById = '', service, state, declared, lifts = [] }) =>
      inAccount(prisma, accountId, async (transaction) => {
        if (setById !== '' && !(await standsAbove(transaction, accountId, setById))) return 'not_above';
        await inTurn(transaction, accountId);
        const setters = lifts.map((id) => (id === accountId ? '' : id));
        const off = { accountId, service, state: 'disabled', setBy: { in: setters } };
        const lifted = await transaction.serviceAccess.findMany({ where: off, orderBy: { setBy: 'asc' } });
        if (lifted.length > 0) await transaction.serviceAccess.deleteMany({ where: off });
        const where = { accountId_setBy_service: { accountId, setBy: setById, service } };
        const before = await transaction.serviceAccess.findUnique({ where });
        const volume =
          declared === undefined
            ? {}
            : {
                uses: [...declared.uses],
                sessionsPerDay: declared.sessionsPerDay ?? null,
                minutesPerSession: declared.minutesPerSession ?? null,
              };
        // Said again as it stands, it changed then and not now.
        if (before !== null && lifted.length === 0 && !isChanged(before, { ...before, state, ...volume }))
          return { before: fromRow(before), after: fromRow(before), lifted: [] };
        const value = { state, changedAt: new Date(), ...volume };
        const after = await transaction.serviceAccess.upsert({
          where,
          create: { accountId, setBy: setById, service, ...value },
          update: value,
        });
        return {
          before: before === null ? undefined : fromRow(before),
          after: fromRow(after),
          lifted: lifted.map(fromRow),
        };
      }),
  };
}
