'use client';

import { services } from '@patchbay/services/registry.generated';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { CallbackForm } from './callback-form.tsx';
import { type EndpointCallback, useCallbacks } from './use-callbacks.ts';

/** Who is told of what an endpoint has a part in. */
export function EndpointCallbacks({ endpointId }: { readonly endpointId: string }): ReactNode {
  const accountId = useAccountId();
  const [isNew, setNew] = useState(false);
  const { callbacks, changeable, error, retry, remove } = useCallbacks(endpointId);
  return (
    <section aria-labelledby="callbacks">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="callbacks" className="font-semibold">
          Callbacks
        </h2>
        {changeable.length === 0 ? null : (
          <Button size="small" onClick={() => setNew(true)}>
            <Plus aria-hidden />
            New callback
          </Button>
        )}
      </div>
      {error === null ? null : <ProblemNote error={error} onRetry={retry} />}
      {callbacks?.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nobody is told of this endpoint alone. A callback is an address of your server that hears of what it
          has a part in, such as a call that ended.
        </p>
      ) : null}
      {callbacks === undefined || callbacks.length === 0 ? null : (
        <Table
          label="Callbacks"
          columns={[
            ...factsOf(accountId),
            ...(changeable.length === 0 ? [] : [removalColumn(changeable, remove)]),
          ]}
          rows={callbacks}
          rowKey={({ webhookId }) => webhookId}
        />
      )}
      {isNew ? <CallbackForm endpointId={endpointId} onDone={() => setNew(false)} /> : null}
    </section>
  );
}

const factsOf = (accountId: string): readonly Column<EndpointCallback>[] => [
  {
    key: 'url',
    header: 'Address',
    isTitle: true,
    className: 'py-1.5',
    cell: ({ url, webhookId }) => (
      <Link
        href={pagePath(accountId, `webhooks/${webhookId}`)}
        className="block wrap-anywhere font-medium hover:underline"
      >
        {url}
      </Link>
    ),
  },
  {
    key: 'service',
    header: 'Service',
    cell: ({ service }) => <span className="text-ink-soft">{services[service].title}</span>,
  },
  {
    key: 'events',
    header: 'Events',
    isWide: true,
    cell: ({ events }) => (
      <span className="flex flex-wrap gap-1">
        {events.map((event) => (
          <Badge key={event}>{event}</Badge>
        ))}
      </span>
    ),
  },
  {
    key: 'fallback',
    header: 'Fallback',
    cell: ({ fallbackUrl }) =>
      fallbackUrl === undefined ? (
        <span className="text-ink-faint">none</span>
      ) : (
        <span className="wrap-anywhere">{fallbackUrl}</span>
      ),
  },
];

const removalColumn = (
  changeable: readonly EndpointCallback['service'][],
  onRemove: (callback: EndpointCallback) => void,
): Column<EndpointCallback> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (callback) =>
    changeable.includes(callback.service) ? (
      <Button
        size="small"
        variant="ghost"
        onClick={() => onRemove(callback)}
        aria-label={`Remove the callback at ${callback.url}`}
      >
        Remove
      </Button>
    ) : null,
});
