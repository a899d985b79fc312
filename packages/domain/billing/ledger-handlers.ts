import type { DomainHandlers } from '@patchbay/kit/definition';
import type { billing } from './definition.ts';
import { exportLedger } from './export-handlers.ts';
import { causeOf } from './ledger-cause.ts';
import type { BookedTransaction } from './ledger-reader.ts';
import { sum } from './money.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

export const ledgerHandlers: Pick<Handlers, 'ledger'> = {
  ledger: {
    async list(context, query, { ledger, billing: store }) {
      const { accountId, chain } = context.entity;
      const { items, nextCursor } = await ledger.transactions(accountId, query);
      const ids = items.flatMap(({ entries }) =>
        entries.flatMap((each) => [each.accountId, each.counterpartyId]),
      );
      const names = new Map(await store.namesBelow(accountId, [...new Set(ids)]));
      // Statements name the seller; nobody further above is named to the account.
      const sellerId = chain.at(-2);
      const sellerName =
        sellerId === undefined ? undefined : (await store.namesAround(accountId)).get(sellerId);
      if (sellerId !== undefined && sellerName !== undefined) names.set(sellerId, sellerName);
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map((item) => transactionAnswer(item, names)),
      };
    },

    export: exportLedger,

    async listBalances(context, { from = '' }, { ledger }) {
      const items = await ledger.balances(context.entity.accountId, from);
      return { items: items.map((balance) => ({ ...balance, amount: balance.amount.toString() })) };
    },
  },
};

const transactionAnswer = (
  { id, atMs, period, sourceRef, entries }: BookedTransaction,
  names: ReadonlyMap<string, string>,
) => ({
  transactionId: id,
  at: new Date(atMs).toISOString(),
  period,
  sourceRef,
  cause: causeOf(sourceRef),
  entries: entries.map((entry) => ({
    ...entry,
    ...named('accountName', names.get(entry.accountId)),
    ...named('counterpartyName', names.get(entry.counterpartyId)),
    amount: entry.amount.toString(),
  })),
  view: sum(entries.map(({ amount }) => amount)) === 0n ? ('whole' as const) : ('part' as const),
});

const named = <Key extends string>(key: Key, name: string | undefined): { readonly [K in Key]?: string } =>
  name === undefined ? {} : ({ [key]: name } as { readonly [K in Key]: string });
