'use client';

import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { showDay } from '../../formats/time.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import type { Endpoint } from './endpoint.ts';
import { EndpointState, IdentifierText } from './endpoint-badges.tsx';

interface EndpointTableProps {
  readonly endpoints: readonly Endpoint[];
  /** Those that another account may take now. */
  readonly offeredIds: ReadonlySet<string>;
}

export function EndpointTable({ endpoints, offeredIds }: EndpointTableProps): ReactNode {
  const accountId = useAccountId();
  const router = useRouter();
  const pathOf = ({ id }: Endpoint) => pagePath(accountId, `endpoints/${id}`);
  const columns: readonly Column<Endpoint>[] = [
    {
      key: 'identifier',
      header: 'Endpoint',
      isTitle: true,
      className: 'py-1.5',
      cell: (endpoint) => (
        <Link href={pathOf(endpoint)} className="font-medium hover:underline">
          <IdentifierText endpoint={endpoint} />
        </Link>
      ),
    },
    {
      key: 'label',
      header: 'Label',
      cell: ({ label }) => (label === '' ? <span className="text-ink-faint">–</span> : label),
    },
    {
      key: 'state',
      header: 'State',
      cell: (endpoint) => <EndpointState endpoint={endpoint} isOffered={offeredIds.has(endpoint.id)} />,
    },
    {
      key: 'held',
      header: 'Held since',
      cell: ({ allocatedAt }) => (
        <span className="whitespace-nowrap text-ink-soft">{showDay(allocatedAt)}</span>
      ),
    },
  ];
  return (
    <Table
      label="Endpoints"
      columns={columns}
      rows={endpoints}
      rowKey={({ id }) => id}
      onOpen={(endpoint) => router.push(pathOf(endpoint))}
    />
  );
}
