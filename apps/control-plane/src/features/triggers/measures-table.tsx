'use client';

import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';

type Measure = Outputs['measures']['list']['items'][number];

const LOOK_MS = 5_000;
const number = new Intl.NumberFormat('en');

const columns: readonly Column<Measure>[] = [
  { key: 'title', header: 'Measure', isTitle: true, cell: ({ title }) => title },
  { key: 'value', header: 'Now', isNumber: true, cell: ({ value }) => number.format(value) },
  {
    key: 'name',
    header: 'In a trigger',
    isWide: true,
    cell: ({ name }) => <code className="text-sm">{name}</code>,
  },
];

/** What the platform knows of itself now: at its own account, for whoever runs it. */
export function MeasuresTable(): ReactNode {
  const { data: account } = useAccount();
  const mayRead = useMay('measures.list');
  return account?.isPlatform === true && mayRead ? <Measures /> : null;
}

function Measures(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data, error } = useQuery(
    trpc.measures.list.queryOptions({ accountId }, { refetchInterval: LOOK_MS }),
  );
  return (
    <section aria-labelledby="measures" className="mt-8">
      <h2 id="measures" className="mb-2 text-base font-semibold">
        How the platform is
      </h2>
      {error === null ? null : <ProblemNote error={error} />}
      {data === undefined ? null : (
        <Table label="Measures" columns={columns} rows={data.items} rowKey={({ name }) => name} />
      )}
    </section>
  );
}
