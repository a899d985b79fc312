'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';
import { type CallbackScope, tellingServices } from './callback-calls.ts';
import { CallbackForm } from './callback-form.tsx';
import { TestCallback } from './test-callback.tsx';
import { type SetCallback, useCallbacks } from './use-callbacks.ts';

export interface CallbacksProps {
  readonly scope: CallbackScope;
  /** Of which services. Default: of all that tell of something. */
  readonly of?: readonly ServiceKey[];
}

interface Tested {
  readonly webhookId: string;
  readonly lastDeliveryId: string | undefined;
}

const nobody: Readonly<Record<CallbackScope['kind'], string>> = {
  account:
    'Nobody is told by this service’s settings. A callback is an address of your server that hears of what this service tells of in this account, and of nothing else.',
  application:
    'Nobody is told of this application alone. A callback is an address of your server that hears of its sessions, such as a call that ended.',
  instanceType:
    'Nobody is told of this instance type alone. A callback is an address of your server that hears of its sessions, such as a call that ended.',
  endpoint:
    'Nobody is told of this endpoint alone. A callback is an address of your server that hears of what it has a part in, such as a call that ended.',
};

const levelWords: Readonly<Record<CallbackScope['kind'], string>> = {
  account: 'account',
  application: 'application',
  instanceType: 'instance type',
  endpoint: 'endpoint',
};

/** Who is told of what an account, an application, an instance type of it or an endpoint has a part in; those above tell beside them. */
export function Callbacks({ scope, of = tellingServices }: CallbacksProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const isFromAbove = (useAccount().data?.ancestors.length ?? 0) > 0;
  const client = useQueryClient();
  const onError = useRefusalToast();
  const [isNew, setNew] = useState(false);
  const [tested, setTested] = useState<Tested>();
  const { callbacks, changeable, error, retry, remove } = useCallbacks(scope, of);
  const mayTest = useMay('webhooks.sendTest');
  const sendTest = useMutation(trpc.webhooks.sendTest.mutationOptions({ onError }));
  const test = async ({ webhookId }: SetCallback) => {
    const { items } = await client.fetchQuery(
      trpc.deliveries.list.queryOptions({ accountId, webhookId, limit: 1 }),
    );
    const lastDeliveryId = items[0]?.id;
    sendTest.mutate({ accountId, webhookId }, { onSuccess: () => setTested({ webhookId, lastDeliveryId }) });
  };
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
      {isFromAbove && changeable.length > 0 ? (
        <p className="mb-2 text-ink-faint text-pretty">
          These are this account’s own: its people see and remove what you set here. To hear of it yourself,
          set a webhook at your account that hears of accounts below.
        </p>
      ) : null}
      {error === null ? null : <ProblemNote error={error} onRetry={retry} />}
      {callbacks?.length === 0 ? <p className="border-y py-2 text-ink-faint">{nobody[scope.kind]}</p> : null}
      {callbacks === undefined || callbacks.length === 0 ? null : (
        <Table
          label="Callbacks"
          columns={[
            ...factsOf(accountId, scope),
            ...(mayTest || changeable.length > 0
              ? [
                  actionsColumn({
                    ...(mayTest
                      ? { onTest: (callback: SetCallback) => void test(callback).catch(onError) }
                      : {}),
                    onRemove: remove,
                    isRemovable: ({ level, service }) => level === scope.kind && changeable.includes(service),
                  }),
                ]
              : []),
          ]}
          rows={callbacks}
          rowKey={({ webhookId }) => webhookId}
        />
      )}
      {isNew ? <CallbackForm scope={scope} of={of} onDone={() => setNew(false)} /> : null}
      {tested === undefined ? null : <TestCallback {...tested} onDone={() => setTested(undefined)} />}
    </section>
  );
}

const factsOf = (accountId: string, scope: CallbackScope): readonly Column<SetCallback>[] => [
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
  ...(scope.kind === 'account'
    ? []
    : [
        {
          key: 'level',
          header: 'Set for',
          cell: ({ level }: SetCallback) => (
            <span className="whitespace-nowrap text-ink-soft">
              {level === scope.kind ? 'this' : 'the'} {levelWords[level]}
            </span>
          ),
        },
      ]),
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

interface RowActions {
  /** Absent for whoever may not. */
  readonly onTest?: (callback: SetCallback) => void;
  readonly onRemove: (callback: SetCallback) => void;
  readonly isRemovable: (callback: SetCallback) => boolean;
}

const actionsColumn = ({ onTest, onRemove, isRemovable }: RowActions): Column<SetCallback> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (callback) => (
    <span className="flex flex-wrap justify-end gap-1">
      {onTest === undefined ? null : (
        <Button
          size="small"
          variant="ghost"
          onClick={() => onTest(callback)}
          aria-label={`Send a test to ${callback.url}`}
        >
          Test
        </Button>
      )}
      {isRemovable(callback) ? (
        <Button
          size="small"
          variant="ghost"
          onClick={() => onRemove(callback)}
          aria-label={`Remove the callback at ${callback.url}`}
        >
          Remove
        </Button>
      ) : null}
    </span>
  ),
});
