'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { type Column, Table } from '@patchbay/ui/table';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { showMinorUnits } from '../documents/printed-document.ts';
import { problemOf } from '../problem/problem.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { isPlatform } from '../shell/account-standing.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest } from '../shell/list-request.ts';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';
import { type Difference, differenceText, isReturnedTax, isTaxHeld } from './difference-words.ts';
import { SendTaxAgain } from './send-tax-again.tsx';

/** For whoever collects: where Stripe has something else than was asked for or sent (BIL-6). */
export function RailDifferences(): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const client = useQueryClient();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const mayList = useMay('reconciliation.listDifferences');
  const list = useQuery(
    trpc.reconciliation.listDifferences.queryOptions(listRequest(accountId), { enabled: mayList }),
  );
  const start = useMutation(
    trpc.reconciliation.start.mutationOptions({
      onSuccess: ({ documentCount }) => {
        toast({ tone: 'live', title: `${documentCount} documents are read again at Stripe.` });
        void client.invalidateQueries();
      },
      onError: (error) => {
        const { title, detail } = problemOf(error);
        toast({ tone: 'fail', title, detail });
      },
    }),
  );
  const items = list.data?.items ?? [];
  const standing = items.filter(({ endedAt }) => endedAt === undefined);
  if (!mayList || (items.length === 0 && !isPlatform(account))) return null;
  return (
    <section aria-labelledby="differences" className="mb-6 grid gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <h2 id="differences" className="font-semibold">
          Differences at Stripe
        </h2>
        <IfMay to="reconciliation.start">
          <Button size="small" disabled={start.isPending} onClick={() => start.mutate({ accountId })}>
            Read all again
          </Button>
        </IfMay>
      </div>
      {items.length === 0 ? (
        <p className="text-ink-faint">
          None. Invoices and transfers are read again each day, for half a year.
        </p>
      ) : null}
      {standing.length === 0 ? null : (
        <Callout
          tone="fail"
          title={`${standing.length} ${standing.length === 1 ? 'difference stands' : 'differences stand'} at Stripe`}
        >
          Somebody changed it there by hand. Money that moved is in the books as it moved; nothing else is
          changed by itself.
        </Callout>
      )}
      {items.length === 0 ? null : (
        <Table
          label="Differences at Stripe"
          columns={columnsOf(accountId, items)}
          rows={items}
          rowKey={({ documentId, kind, railId, foundAt }) => `${documentId} ${kind} ${railId} ${foundAt}`}
        />
      )}
    </section>
  );
}

const columnsOf = (accountId: string, items: readonly Difference[]): readonly Column<Difference>[] => [
  {
    key: 'what',
    header: 'What',
    isTitle: true,
    cell: (difference) => <span className="font-medium">{differenceText(difference)}</span>,
  },
  {
    key: 'document',
    header: 'Document',
    cell: ({ documentId, documentNumber }) =>
      documentNumber === undefined ? (
        nameWithoutNumber(documentId)
      ) : (
        <Link href={pagePath(accountId, `documents/${documentId}`)} className="underline underline-offset-2">
          {documentNumber}
        </Link>
      ),
  },
  {
    key: 'expected',
    header: 'Here',
    cell: (difference) => <Value {...difference} of={difference.expected} />,
  },
  {
    key: 'found',
    header: 'At Stripe',
    cell: (difference) => <Value {...difference} of={difference.found} />,
  },
  {
    key: 'at',
    header: 'Found',
    cell: ({ foundAt, endedAt }) => (
      <span>
        <time dateTime={foundAt}>{showMoment(foundAt)}</time>
        {endedAt === undefined ? null : <span className="text-ink-faint"> until {showMoment(endedAt)}</span>}
      </span>
    ),
  },
  ...(items.some(isReturnedTax)
    ? [
        {
          key: 'again',
          header: 'To do',
          cell: (difference: Difference) =>
            isReturnedTax(difference) ? <SendTaxAgain of={difference} /> : null,
        },
      ]
    : []),
];

const nameWithoutNumber = (documentId: string): string =>
  isTaxHeld(documentId) ? 'tax passed on' : 'top-up';

function Value({
  of,
  kind,
  currency,
}: Pick<Difference, 'kind' | 'currency'> & { readonly of: string }): ReactNode {
  const isMoney =
    kind === 'amount' || kind === 'transfer-amount' || kind === 'transfer-reversed' || kind === 'too-large';
  return isMoney ? (
    <span className="whitespace-nowrap tabular-nums">
      {showMinorUnits(of, currency)} <span className="text-ink-faint">{currency}</span>
    </span>
  ) : (
    <span className="wrap-anywhere">{of}</span>
  );
}
