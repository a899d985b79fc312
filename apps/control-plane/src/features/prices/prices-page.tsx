'use client';

import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { useCustomers } from '../shell/use-customers.ts';
import { PaidPrices } from './paid-prices.tsx';
import { PriceDesk } from './price-desk.tsx';

/** The select cannot hold an empty value. */
const ALL = 'all';

/** What the account pays, what its children pay, and how the one becomes the other (BIL-2). */
export function PricesPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const [target, setTarget] = useState(ALL);
  const paid = useQuery(trpc.prices.list.queryOptions({ accountId }));
  const profile = useQuery(trpc.prices.listForChildren.queryOptions({ accountId }));
  const children = useCustomers();
  const childId = target === ALL ? undefined : target;
  const options = [
    { value: ALL, label: 'all children' },
    ...(children.customers ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ];
  const error = paid.error ?? profile.error ?? children.error;
  return (
    <>
      <PageHeader
        title="Prices"
        scope="Each level sets what the one below it pays. The difference to what it pays itself is its margin, or its subsidy."
        examples={examplesOf(accountId, childId, account?.currency ?? 'EUR')}
      />
      {error === null ? null : (
        <div className="mb-6">
          <ProblemNote error={error} />
        </div>
      )}
      <div className={error !== null && paid.data === undefined ? 'hidden' : 'grid grid-cols-1 gap-10'}>
        <section aria-labelledby="paid">
          <h2 id="paid" className="mb-1 font-semibold">
            What {account?.name ?? 'this account'} pays
          </h2>
          {paid.data === undefined ? (
            error === null ? (
              <TableSkeleton rows={3} />
            ) : null
          ) : (
            <PaidPrices prices={paid.data.items} />
          )}
        </section>
        <section aria-labelledby="children">
          <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
            <h2 id="children" className="font-semibold">
              What its children pay
            </h2>
            <Select label="Prices for" isLabelled value={target} options={options} onChange={setTarget} />
          </div>
          {profile.data === undefined || paid.data === undefined || account === undefined ? (
            error === null ? (
              <TableSkeleton rows={5} />
            ) : null
          ) : (
            <PriceDesk
              key={`${accountId} ${target}`}
              account={account}
              profile={profile.data.items}
              paid={paid.data.items}
              childId={childId}
              accounts={children.customers ?? []}
            />
          )}
        </section>
      </div>
    </>
  );
}

function examplesOf(accountId: string, childId: string | undefined, currency: string) {
  const fields = {
    service: 'network-discovery',
    prices: { bytes: { amount: '400000000', per: '1000000000' } },
    currency,
  };
  return [
    childId === undefined
      ? exampleOf({ operation: 'prices.setForChildren', input: { accountId, ...fields } })
      : exampleOf({ operation: 'prices.set', input: { accountId: childId, ...fields } }),
    exampleOf({ operation: 'prices.list', input: { accountId } }),
    exampleOf({ operation: 'prices.explain', input: { accountId: childId ?? accountId } }),
  ];
}
