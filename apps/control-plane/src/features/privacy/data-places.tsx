'use client';

import { Badge } from '@patchbay/ui/badge';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { keptInText, levelText, storageText } from './privacy-words.ts';

type Places = Outputs['dataPlaces']['get'];
type ClassPlace = Places['classes'][number];

/** In which regions data are kept, whose word that is, and where each class is besides (PRD-4). */
export function DataPlaces(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const places = useQuery(trpc.dataPlaces.get.queryOptions({ accountId }));
  const names = new Map([
    ...(account?.ancestors ?? []).map(({ id, name }) => [id, name] as const),
    [accountId, 'this account'],
  ]);
  return (
    <section aria-labelledby="where">
      <h2 id="where" className="mb-2 font-semibold">
        Where it is kept
      </h2>
      {places.error === null ? null : (
        <ProblemNote error={places.error} onRetry={() => void places.refetch()} />
      )}
      {places.isPending && places.error === null ? <TableSkeleton rows={3} /> : null}
      {places.data === undefined ? null : (
        <div className="grid gap-4">
          <Regions places={places.data} names={names} accountId={accountId} />
          <Table
            label="Where each class of data is besides"
            columns={columns}
            rows={places.data.classes.filter(({ elsewhere }) => elsewhere !== undefined)}
            rowKey={({ dataClass }) => dataClass}
          />
        </div>
      )}
    </section>
  );
}

interface RegionsProps {
  readonly places: Places;
  readonly names: ReadonlyMap<string, string>;
  readonly accountId: string;
}

function Regions({ places, names, accountId }: RegionsProps): ReactNode {
  const { dataRegionsLevel, lockedByLevel, nodes } = places;
  return (
    <dl className="grid gap-x-6 gap-y-2 sm:grid-cols-[10rem_minmax(0,1fr)]">
      <dt className="text-ink-soft">Regions</dt>
      <dd className="flex flex-wrap items-center gap-2">
        <span>{keptInText(places)}</span>
        {dataRegionsLevel === undefined ? null : <Badge>{levelText(dataRegionsLevel, names)}</Badge>}
        {lockedByLevel === undefined ? null : <Badge>locked, {levelText(lockedByLevel, names)}</Badge>}
        <Link href={`/accounts/${accountId}/policy`} className="underline underline-offset-2">
          Set it in the policy
        </Link>
      </dd>
      <dt className="text-ink-soft">Storage</dt>
      <dd>{storageText(places.storageRegions)}</dd>
      {nodeRoles.map(([role, title]) => (
        <RoleRegions key={role} title={title} nodes={nodes.filter((node) => node.role === role)} />
      ))}
    </dl>
  );
}

const nodeRoles = [
  ['relay', 'Relays'],
  ['signaling', 'Signaling'],
  ['media', 'Answering'],
  ['jobs', 'Webhooks, from'],
] as const;

interface RoleRegionsProps {
  readonly title: string;
  readonly nodes: Places['nodes'];
}

function RoleRegions({ title, nodes }: RoleRegionsProps): ReactNode {
  return (
    <>
      <dt className="text-ink-soft">{title}</dt>
      <dd className="flex flex-wrap gap-2">
        {nodes.length === 0 ? <span>none in service</span> : null}
        {nodes.map(({ region, isServing }) => (
          <span key={region} className="flex items-center gap-1">
            {region}
            {isServing ? null : <Badge>not for this account</Badge>}
          </span>
        ))}
      </dd>
    </>
  );
}

const columns: readonly Column<ClassPlace>[] = [
  { key: 'title', header: 'What', isTitle: true, cell: ({ title }) => title },
  {
    key: 'elsewhere',
    header: 'Besides the storage',
    isWide: true,
    cell: ({ elsewhere }) => <span className="text-sm text-ink-soft">{elsewhere}</span>,
  },
];
