'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Identifier } from '@patchbay/ui/copy-button';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useParams, useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangesLink } from '../audit/changes-link.tsx';
import { Callbacks } from '../callbacks/callbacks.tsx';
import { LogicSetting } from '../logic/logic-setting.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { ServiceData } from '../services/service-data.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { EntityUse } from '../usage/entity-use.tsx';
import { type Endpoint, openOffersRequest } from './endpoint.ts';
import { EndpointState, IdentifierText } from './endpoint-badges.tsx';
import { EndpointConfig } from './endpoint-config.tsx';
import { EndpointForm } from './endpoint-form.tsx';
import { ReleaseEndpoint } from './release-endpoint.tsx';
import { TransferForm } from './transfer-form.tsx';
import { TransferList } from './transfer-list.tsx';

/** One endpoint: what it is, what it used, and which way it went (ACC-5). */
export function EndpointPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const { endpointId } = useParams<{ endpointId: string }>();
  const [dialog, setDialog] = useState<'edit' | 'transfer' | 'release'>();
  const found = useQuery(trpc.endpoints.get.queryOptions({ accountId, endpointId }));
  const offers = useQuery(trpc.endpointTransfers.list.queryOptions(openOffersRequest(accountId)));
  const endpoint = found.data;
  const isOffered = offers.data?.items.some((offer) => offer.endpointId === endpointId) === true;
  const list = pagePath(accountId, 'endpoints');
  const close = () => setDialog(undefined);
  const isHeld = endpoint?.state === 'active';
  return (
    <>
      <Link href={list} className="mb-1 inline-block text-ink-faint hover:text-ink hover:underline">
        Endpoints
      </Link>
      <PageHeader
        title={endpoint === undefined ? 'Endpoint' : <IdentifierText endpoint={endpoint} />}
        scope={endpoint?.label || 'Held by this account.'}
        examples={examplesOf(accountId, endpointId)}
        actions={
          <>
            <ChangesLink target={endpointId} />
            <IfMay to="endpoints.update">
              <Button onClick={() => setDialog('edit')} disabled={!isHeld}>
                Edit
              </Button>
            </IfMay>
          </>
        }
      />
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-24 max-w-xl" /> : null}
      {endpoint === undefined ? null : (
        <div className="grid grid-cols-1 gap-10">
          {isHeld ? null : <Resting endpoint={endpoint} />}
          <div className="grid gap-4">
            <EndpointFacts endpoint={endpoint} isOffered={isOffered} />
            {isHeld ? (
              <div className="flex flex-wrap gap-2 empty:hidden">
                <IfMay to="endpoints.transfer">
                  <Button onClick={() => setDialog('transfer')} disabled={isOffered}>
                    Transfer …
                  </Button>
                </IfMay>
                <IfMay to="endpoints.release">
                  <Button variant="danger" onClick={() => setDialog('release')}>
                    Release …
                  </Button>
                </IfMay>
              </div>
            ) : null}
          </div>
          {isHeld ? (
            <>
              <EndpointConfig endpoint={endpoint} />
              <LogicSetting scope={{ kind: 'endpoint', endpointId }} />
              <Callbacks scope={{ kind: 'endpoint', endpointId }} />
            </>
          ) : null}
          <EntityUse dimension="endpoint" id={endpoint.identifier}>
            Nothing yet. What whoever signs in as it uses is counted here within 5 seconds.
          </EntityUse>
          {isHeld ? <ServiceData scope={{ kind: 'endpoint', endpointId }} /> : null}
          <TransferList endpointId={endpointId} />
        </div>
      )}
      {endpoint !== undefined && dialog === 'edit' ? (
        <EndpointForm endpoint={endpoint} onDone={close} />
      ) : null}
      {endpoint !== undefined && dialog === 'transfer' ? (
        <TransferForm endpoint={endpoint} onDone={close} />
      ) : null}
      {endpoint !== undefined && dialog === 'release' ? (
        <ReleaseEndpoint endpoint={endpoint} onLeave={close} onDone={() => router.push(list)} />
      ) : null}
    </>
  );
}

/** It can be had back as long as it rests. */
function Resting({ endpoint: { identifier, restsUntil } }: { readonly endpoint: Endpoint }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const takeBack = useMutation(trpc.endpoints.allocate.mutationOptions({ onError: useRefusalToast() }));
  return (
    <Callout
      tone="wait"
      title="It was released, and rests."
      action={
        <IfMay to="endpoints.allocate">
          <Button
            size="small"
            isPending={takeBack.isPending}
            onClick={() => takeBack.mutate({ accountId, identifier })}
          >
            Take it back
          </Button>
        </IfMay>
      }
    >
      {restsUntil === undefined ? null : `Until ${showDay(restsUntil)} nobody but this account can take it.`}
    </Callout>
  );
}

function EndpointFacts({
  endpoint,
  isOffered,
}: {
  readonly endpoint: Endpoint;
  readonly isOffered: boolean;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { id, reach, applicationId, allocatedAt } = endpoint;
  const application = useQuery(
    trpc.applications.get.queryOptions(
      { accountId, applicationId: applicationId ?? '' },
      { enabled: applicationId !== undefined },
    ),
  );
  return (
    <Facts className="max-w-xl">
      <Fact term="State">
        <EndpointState endpoint={endpoint} isOffered={isOffered} />
      </Fact>
      <Fact term="Known">{reach === 'global' ? 'on the whole platform' : 'in this account'}</Fact>
      <Fact term="Application">
        {applicationId === undefined ? (
          <span className="text-ink-faint">none</span>
        ) : (
          <Link
            href={pagePath(accountId, `applications/${applicationId}`)}
            className="underline underline-offset-2"
          >
            {application.data?.name ?? applicationId}
          </Link>
        )}
      </Fact>
      <Fact term="Held since">{showDay(allocatedAt)}</Fact>
      <Fact term="Endpoint id">
        <Identifier id={id} isShort />
      </Fact>
    </Facts>
  );
}

const examplesOf = (accountId: string, endpointId: string) => [
  exampleOf({ operation: 'endpoints.get', input: { accountId, endpointId } }),
  exampleOf({
    operation: 'endpoints.transfer',
    input: { accountId, endpointId, toAccountId: 'acc_…', note: 'As agreed' },
    cli: `endpoint transfer ${endpointId} acc_… --note 'As agreed' --account ${accountId}`,
  }),
  exampleOf({
    operation: 'endpoints.release',
    input: { accountId, endpointId },
    cli: `endpoint release ${endpointId} --account ${accountId}`,
  }),
];
