'use client';

import { CopyButton } from '@patchbay/ui/copy-button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { type Way, wayTitles } from './notice-state.tsx';
import { WayForm } from './way-form.tsx';

/** By whom notices go out: what opens something is shown to nobody. */
export function WaysPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [edited, setEdited] = useState<Way>();
  const list = useQuery(trpc.notification.listWays.queryOptions({ accountId }));
  const ways = list.data?.items ?? [];
  return (
    <section aria-labelledby="ways">
      <h2 id="ways" className="mb-1 font-semibold">
        Ways
      </h2>
      <p className="mb-2 text-sm text-ink-faint">
        WebSocket, e-mail and webhook need nothing. Keys and tokens are kept sealed, and shown to nobody
        again.
      </p>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={4} /> : null}
      {ways.length === 0 ? null : (
        <Table label="Ways" columns={columns} rows={ways} rowKey={({ way }) => way} onOpen={setEdited} />
      )}
      {edited === undefined ? null : (
        <WayForm key={edited.way} current={edited} onDone={() => setEdited(undefined)} />
      )}
    </section>
  );
}

const columns: readonly Column<Way>[] = [
  { key: 'way', header: 'Way', isTitle: true, cell: ({ way }) => wayTitles[way] },
  {
    key: 'settings',
    header: 'Goes out by',
    cell: ({ isSet, settings = {} }) =>
      isSet ? (
        <span className="font-mono text-sm wrap-anywhere">{Object.values(settings).join(' · ')}</span>
      ) : (
        <span className="text-ink-faint">nobody yet</span>
      ),
  },
  {
    key: 'key',
    header: 'Public key',
    cell: ({ publicKey }) =>
      publicKey === undefined ? (
        <span className="text-ink-faint">–</span>
      ) : (
        <span className="inline-flex items-center gap-0.5">
          <code className="text-sm text-ink-soft">{`${publicKey.slice(0, 10)}…`}</code>
          <CopyButton text={publicKey} label="Copy the public key" />
        </span>
      ),
  },
];
