import type { DomainHandlers } from '@patchbay/kit/definition';
import type { billing } from './definition.ts';
import { exportLedger } from './export-handlers.ts';
import { causeOf } from './ledger-cause.ts';
import type { BookedTransaction } from './ledger-reader.ts';
import { sum } from './money.ts';
import { counterpartyAnswer, type Parties, partiesOf } from './parties.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

export const ledgerHandlers: Pick<Handlers, 'ledger'> = {
  ledger: {
    async list(context, query, { ledger, billing: store }) {
      const { items, nextCursor } = await ledger.transactions(context.entity.accountId, query);
      const ids = items.flatMap(({ entries }) =>
        entries.flatMap((each) => [each.accountId, each.counterpartyId]),
      );
      const texts = items.map(({ sourceRef }) => sourceRef);
      const parties = await partiesOf(context, { ids, texts }, { billing: store });
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map((item) => transactionAnswer(item, parties)),
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
  parties: Parties,
) => ({
  transactionId: id,
  at: new Date(atMs).toISOString(),
  period,
  sourceRef: parties.textOf(sourceRef),
  cause: causeOf(sourceRef),
  entries: entries.map(({ counterpartyId, ...entry }) => ({
    ...entry,
    accountName: parties.nameOf(entry.accountId),
    ...counterpartyAnswer(counterpartyId, parties),
    amount: entry.amount.toString(),
  })),
  view: sum(entries.map(({ amount }) => amount)) === 0n ? ('whole' as const) : ('part' as const),
});
