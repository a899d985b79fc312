'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { minorText, readMinorUnits } from './money-text.ts';

type TopUp = Outputs['balances']['listTopUps']['items'][number];

/** Where what was asked for is paid is known a moment after it was asked. */
const REFRESH_MS = 5_000;

/** Money that is paid in. */
export function TopUps({ currency }: { readonly currency: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const topUps = useInfiniteQuery(
    trpc.balances.listTopUps.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: REFRESH_MS,
    }),
  );
  const items = topUps.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid gap-4">
      <IfMay to="balances.topUp">
        <PayIn currency={currency} />
      </IfMay>
      {topUps.error === null ? null : (
        <ProblemNote error={topUps.error} onRetry={() => void topUps.refetch()} />
      )}
      {items.length === 0 ? null : (
        <div>
          <h3 className="mb-2 font-medium">Paid in</h3>
          <Table label="Top-ups" columns={columnsOf(currency)} rows={items} rowKey={({ id }) => id} />
          <LoadMore
            hasMore={topUps.hasNextPage}
            isPending={topUps.isFetchingNextPage}
            onMore={() => void topUps.fetchNextPage()}
          />
        </div>
      )}
    </div>
  );
}

function PayIn({ currency }: { readonly currency: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const topUp = useMutation(
    trpc.balances.topUp.mutationOptions({
      onSuccess: async () => {
        setText('');
        await queries.invalidateQueries({ queryKey: trpc.balances.listTopUps.pathKey() });
      },
    }),
  );
  const minorUnits = readMinorUnits(text, currency);
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (minorUnits !== undefined) topUp.mutate({ accountId, minorUnits });
      }}
    >
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label="Pay money in"
          className="w-44"
          inputMode="decimal"
          placeholder="50"
          unit={currency}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button
          variant="primary"
          type="submit"
          disabled={minorUnits === undefined}
          isPending={topUp.isPending}
        >
          Ask for it
        </Button>
      </div>
      <p className="text-sm text-ink-faint">
        You get an address where it is paid. It is in the balance once it was.
      </p>
      {topUp.error === null ? null : <ProblemNote error={topUp.error} />}
    </form>
  );
}

const stateTexts = {
  asked: 'being made',
  open: 'to be paid',
  paid: 'paid',
  void: 'given up',
} as const satisfies Readonly<Record<TopUp['state'], string>>;

const columnsOf = (currency: string): readonly Column<TopUp>[] => [
  {
    key: 'at',
    header: 'Asked for',
    isTitle: true,
    cell: ({ askedAt, isAutomatic }) => (
      <span className="font-medium">
        {askedAt.slice(0, 10)}
        {isAutomatic ? <span className="ml-2 text-sm text-ink-faint">by itself</span> : null}
      </span>
    ),
  },
  {
    key: 'state',
    header: 'State',
    cell: ({ state, failure }) =>
      failure === undefined ? (
        <Badge tone={state === 'paid' ? 'live' : 'wait'}>{stateTexts[state]}</Badge>
      ) : (
        <Badge tone="fail" title={failure}>
          refused
        </Badge>
      ),
  },
  {
    key: 'amount',
    header: `Amount, ${currency}`,
    isNumber: true,
    cell: ({ minorUnits, creditedMinorUnits, state }) => {
      const gone = BigInt(minorUnits) - BigInt(creditedMinorUnits);
      return (
        <span>
          {minorText(minorUnits, currency)}
          {state !== 'paid' || gone <= 0n ? null : (
            <span className="block text-sm text-ink-faint">
              {minorText(gone.toString(), currency)} went back, or is held by a bank
            </span>
          )}
        </span>
      );
    },
  },
  {
    key: 'pay',
    header: 'Pay',
    isAction: true,
    isNumber: true,
    cell: ({ state, payUrl }) =>
      state === 'open' && payUrl !== undefined ? (
        <a className="text-accent hover:underline" href={payUrl} target="_blank" rel="noreferrer">
          Pay
        </a>
      ) : null,
  },
];
