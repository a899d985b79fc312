'use client';

import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showExactMoney } from '../../formats/money.ts';
import { showMoment } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';
import { movementText } from '../payments/movement-words.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { isPlatform } from '../shell/account-standing.ts';
import { pagePath } from '../shell/pages.ts';
import { meterOf } from '../usage/meters.ts';
import { bookWords } from './book-words.ts';

type Transaction = Outputs['ledger']['list']['items'][number];
type Entry = Transaction['entries'][number];

/** A row for each entry; those of one transaction below each other, under its time and its cause. */
interface EntryRow extends Entry {
  readonly transaction: Transaction;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

export function TransactionTable({
  transactions,
}: {
  readonly transactions: readonly Transaction[];
}): ReactNode {
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const platformId = isPlatform(account) ? accountId : undefined;
  const rows = transactions.flatMap((transaction) =>
    transaction.entries.map(
      (entry, index): EntryRow => ({
        ...entry,
        transaction,
        isFirst: index === 0,
        isLast: index === transaction.entries.length - 1,
      }),
    ),
  );
  return (
    <section aria-labelledby="transactions">
      <h2 id="transactions" className="mb-1 font-semibold">
        Transactions
      </h2>
      <Table
        label="Transactions"
        columns={columnsOf(accountId, platformId)}
        rows={rows}
        rowKey={(row) => `${row.transaction.transactionId} ${row.accountId} ${row.book}`}
        rowClassName={({ isLast }) => (isLast ? undefined : 'border-b-0!')}
      />
      <p className="mt-2 text-ink-faint">
        Where the entries of a transaction do not come to zero here, the other side is of an account above.
      </p>
    </section>
  );
}

const columnsOf = (accountId: string, platformId: string | undefined): readonly Column<EntryRow>[] => [
  {
    key: 'cause',
    header: 'Cause',
    isTitle: true,
    // Of those below, a phone has cards of their own.
    cell: ({ transaction, isFirst, ...entry }) => (
      <span className={isFirst ? undefined : 'sm:sr-only'}>
        <Cause
          transaction={transaction}
          entry={entry}
          accountId={accountId}
          isOfPlatform={entry.accountId === platformId}
        />
      </span>
    ),
  },
  {
    key: 'at',
    header: 'Booked',
    cell: ({ transaction: { at }, isFirst }) => (
      <time dateTime={at} className={isFirst ? undefined : 'sm:sr-only'}>
        {showMoment(at)}
      </time>
    ),
  },
  {
    key: 'whose',
    header: 'Whose',
    cell: ({ accountId: of, accountName }) =>
      of === accountId ? 'this account' : <Party id={of} name={accountName} />,
  },
  { key: 'book', header: 'Book', cell: ({ book }) => bookWords[book].title },
  {
    key: 'with',
    header: 'With',
    cell: ({ counterpartyId, counterpartyName }) => <Party id={counterpartyId} name={counterpartyName} />,
  },
  {
    key: 'amount',
    header: 'Amount',
    isNumber: true,
    cell: ({ amount, currency }) => (
      <span className="whitespace-nowrap">
        {showExactMoney(amount)} <span className="text-ink-faint">{currency}</span>
      </span>
    ),
  },
];

/** Whoever stands above and is not seen has the name of a brand, and no id. */
const Party = ({ id, name }: { readonly id: string | undefined; readonly name: string }): ReactNode => (
  <span title={id}>{name}</span>
);

const balanceTexts: Readonly<Record<string, string>> = {
  drawn: 'Use, paid by the balance',
  'credit-given': 'A credit is given',
  'credit-ended': 'A credit has ended',
  'refund-asked': 'Money paid in goes back',
  'top-up': 'Money is paid in',
};

interface CauseProps {
  readonly transaction: Transaction;
  readonly entry: Pick<Entry, 'book' | 'amount'>;
  readonly accountId: string;
  readonly isOfPlatform: boolean;
}

/** Why it was booked, with the way to it. */
function Cause({ transaction, entry, accountId, isOfPlatform }: CauseProps): ReactNode {
  const { cause, period, sourceRef } = transaction;
  const link = (segment: string, text: string) => (
    <Link href={pagePath(accountId, segment)} className="font-medium hover:underline" title={sourceRef}>
      {text}
    </Link>
  );
  switch (cause.kind) {
    case 'use': {
      const name = `${cause.service}.${cause.meter}`;
      return link(`statements/${period}`, `Use: ${meterOf(name)?.label ?? name}`);
    }
    case 'settlement':
      return link(`statements/${period}`, 'The month becomes money');
    case 'carry':
      return link(`statements/${period}`, 'A fraction is carried');
    case 'document':
      return link(
        `documents/${cause.documentId}`,
        movementText({ what: cause.what ?? '', ...entry, isOfPlatform }),
      );
    case 'balance':
      return link('balance', balanceTexts[cause.what ?? ''] ?? 'Prepaid money');
    case 'tax':
      return link('payouts', movementText({ what: 'tax', ...entry, isOfPlatform }));
    case 'other':
      return <span title={sourceRef}>{sourceRef}</span>;
  }
}
