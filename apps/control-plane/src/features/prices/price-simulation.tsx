'use client';

import { Button } from '@patchbay/ui/button';
import { Select } from '@patchbay/ui/select';
import { Stat } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showExactMoney } from '../../formats/money.ts';
import { type Outputs, useTRPCClient } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { IfMay } from '../shell/if-may.tsx';
import { type PriceDraft, pricesToSet } from './price-draft.ts';

/** Accounts below that one look reckons; the sums at the top are of all. */
const PAGE_COUNT_MAX = 30;
const PAGE_SIZE = 100;
const ROWS_SHOWN = 20;

type Simulation = Outputs['prices']['simulate'];
type Edge = Simulation['items'][number];

interface Reckoned extends Pick<Simulation, 'own' | 'period'> {
  readonly items: readonly Edge[];
  readonly hasMore: boolean;
}

export interface PriceSimulationProps {
  readonly accountId: string;
  readonly childId: string | undefined;
  readonly currency: string;
  readonly edited: Readonly<Record<string, readonly PriceDraft[]>>;
  readonly nowMs: number;
}

/** A month as it was and as it would have been by what is typed: asked for, because it reckons all below. */
export function PriceSimulation(props: PriceSimulationProps): ReactNode {
  const { accountId, childId, currency, edited, nowMs } = props;
  const client = useTRPCClient();
  const months = monthsOf(nowMs);
  const [period, setPeriod] = useState(months[0].value);
  const services = Object.fromEntries(
    Object.entries(edited).map(([service, drafts]) => [service, pricesToSet(service, drafts)]),
  );
  const simulate = useMutation({
    mutationFn: async (): Promise<Reckoned & { readonly of: string }> => {
      const asked = {
        accountId,
        services,
        currency,
        period,
        limit: PAGE_SIZE,
        ...(childId === undefined ? {} : { childId }),
      };
      const first = await client.prices.simulate.mutate(asked);
      const items = [...first.items];
      let cursor = first.nextCursor;
      for (let page = 1; cursor !== undefined && page < PAGE_COUNT_MAX; page++) {
        const next = await client.prices.simulate.mutate({ ...asked, cursor });
        items.push(...next.items);
        cursor = next.nextCursor;
      }
      return {
        ...(first.own === undefined ? {} : { own: first.own }),
        period,
        items,
        hasMore: cursor !== undefined,
        of: JSON.stringify(services),
      };
    },
  });
  const found = simulate.data;
  const isStale = found !== undefined && (found.of !== JSON.stringify(services) || found.period !== period);
  return (
    <IfMay to="prices.simulate">
      <section aria-labelledby="simulation" className="mt-10">
        <h2 id="simulation" className="mb-1 font-semibold">
          On the use of a whole month
        </h2>
        <p className="mb-3 text-ink-faint">What is typed, on what was really used. Nothing is saved by it.</p>
        <div className="mb-4 flex flex-wrap items-center gap-2">
          <Select label="Month" value={period} options={months} onChange={setPeriod} />
          <Button size="small" isPending={simulate.isPending} onClick={() => simulate.mutate()}>
            Reckon
          </Button>
          {isStale ? <span className="text-sm text-wait">Something was changed since.</span> : null}
        </div>
        {simulate.error === null ? null : <ProblemNote error={simulate.error} />}
        {found === undefined ? null : <Result found={found} currency={currency} />}
      </section>
    </IfMay>
  );
}

function Result({ found, currency }: { readonly found: Reckoned; readonly currency: string }): ReactNode {
  const { own, items, hasMore } = found;
  const below = items.filter(({ isBelowCost }) => isBelowCost);
  const changed = items.filter(({ isBelowCost, before, after }) => !isBelowCost && isOther(before, after));
  const rows = [...below, ...changed].slice(0, ROWS_SHOWN);
  const rest = below.length + changed.length - rows.length;
  const stat = (label: string, of: 'receivable' | 'payable' | 'margin') =>
    own === undefined ? null : (
      <Stat
        label={label}
        value={showExactMoney(own.after[of])}
        unit={currency}
        note={own.before[of] === own.after[of] ? 'as now' : `now ${showExactMoney(own.before[of])}`}
        {...(BigInt(own.after[of]) < 0n ? { tone: 'wait' as const } : {})}
      />
    );
  return (
    <>
      <div className="mb-4 grid grid-cols-1 gap-4 sm:grid-cols-3">
        {stat('Children pay you', 'receivable')}
        {stat('You pay', 'payable')}
        {stat('You keep', 'margin')}
      </div>
      <p className="mb-2 text-ink-soft">
        {below.length === 0 ? 'No account below would pay less than its use costs' : fallsBelow(below.length)}
        {hasMore ? `, of the first ${items.length}.` : '.'}
      </p>
      {rows.length === 0 ? null : (
        <Table
          label="Who would pay whom"
          columns={columns}
          rows={rows}
          rowKey={({ sellerId, buyerId }) => `${sellerId} ${buyerId}`}
        />
      )}
      {rest > 0 ? <p className="mt-2 text-sm text-ink-faint">and {rest} more accounts</p> : null}
    </>
  );
}

const fallsBelow = (count: number): string =>
  count === 1
    ? 'One account would pay less than its use costs'
    : `${count} accounts would pay less than their use costs`;

const isOther = (before: Edge['before'], after: Edge['after']): boolean =>
  before.amount !== after.amount || before.margin !== after.margin;

const columns: readonly Column<Edge>[] = [
  {
    key: 'account',
    header: 'Account',
    isTitle: true,
    cell: ({ buyerName, sellerName }) => (
      <span>
        {buyerName} <span className="text-sm text-ink-faint">pays {sellerName}</span>
      </span>
    ),
  },
  {
    key: 'pays',
    header: 'Pays',
    isNumber: true,
    className: 'max-sm:col-span-2',
    cell: ({ before, after, currency }) => <Changed from={before.amount} to={after.amount} unit={currency} />,
  },
  {
    key: 'margin',
    header: 'Kept of it',
    isNumber: true,
    className: 'max-sm:col-span-2',
    cell: ({ before, after, currency, isBelowCost }) => (
      <span className={isBelowCost ? 'text-wait' : 'text-money'}>
        <Changed from={before.margin} to={after.margin} unit={currency} />
      </span>
    ),
  },
];

function Changed({
  from,
  to,
  unit,
}: {
  readonly from: string;
  readonly to: string;
  readonly unit: string;
}): ReactNode {
  return (
    <span className="grid tabular-nums">
      <span>
        {showExactMoney(to)} <span className="text-sm text-ink-faint">{unit}</span>
      </span>
      <span className="text-sm text-ink-faint">{from === to ? 'as now' : `now ${showExactMoney(from)}`}</span>
    </span>
  );
}

/** The last whole month, and the one that runs. */
function monthsOf(nowMs: number) {
  const now = new Date(nowMs);
  const nameOf = (back: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7);
  return [
    { value: nameOf(1), label: `${nameOf(1)}, the last whole month` },
    { value: nameOf(0), label: `${nameOf(0)}, as far as it has come` },
  ] as const;
}
