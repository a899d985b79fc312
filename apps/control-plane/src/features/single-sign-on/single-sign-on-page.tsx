'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Building2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { problemOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { DomainsStep } from './domains-step.tsx';
import { ProviderStep } from './provider-step.tsx';
import { RequireStep } from './require-step.tsx';
import { ScimStep } from './scim-step.tsx';
import { TestStep } from './test-step.tsx';

type Sso = Outputs['sso']['get'];

/** How the people of the organisation sign in, as steps in their order (PRD-3). */
export function SingleSignOnPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const found = useQuery(trpc.sso.get.queryOptions({ accountId }));
  const isNone = found.error !== null && problemOf(found.error).code === 'resource.unknown';
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of the organisation that this account belongs to: its people sign in where they do at work."
        examples={[
          exampleOf({ operation: 'sso.get', input: { accountId }, cli: `sso show ${accountId}` }),
          exampleOf({
            operation: 'ssoDomains.add',
            input: { accountId, domain: 'example.com' },
            cli: `sso domain add example.com --account ${accountId}`,
          }),
          exampleOf({
            operation: 'sso.update',
            input: { accountId, isRequired: false },
            cli: `sso update --account ${accountId} --not-required`,
          }),
        ]}
      />
      <AccountTabs />
      {found.error === null || isNone ? null : (
        <ProblemNote error={found.error} onRetry={() => void found.refetch()} />
      )}
      {isNone ? (
        <EmptyState icon={<Building2 />} title="No organisation within your reach">
          How the people of an organisation sign in is set at its top account. You see it here when you hold a
          role there.
        </EmptyState>
      ) : null}
      {found.isPending ? <TableSkeleton rows={6} /> : null}
      {found.data === undefined ? null : <Steps found={found.data} />}
    </>
  );
}

/** As many as an organisation may have, of both. */
const AT_ONCE = 100;

function Steps({ found }: { readonly found: Sso }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const domains = useQuery(trpc.ssoDomains.list.queryOptions({ accountId, limit: AT_ONCE }));
  const roles = useQuery(trpc.roles.list.queryOptions({ accountId: found.accountId, limit: AT_ONCE }));
  const error = domains.error ?? roles.error;
  if (error !== null) return <ProblemNote error={error} />;
  if (domains.data === undefined || roles.data === undefined) return <TableSkeleton rows={6} />;
  return (
    <div className="grid gap-8">
      <DomainsStep domains={domains.data.items} />
      <ProviderStep found={found} roles={roles.data.items} />
      <TestStep found={found} />
      <RequireStep found={found} />
      <ScimStep found={found} />
      {found.provider === undefined ? null : <RemoveProvider />}
    </div>
  );
}

function RemoveProvider(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const refusal = useRefusalToast();
  const mayRemove = useMay('sso.remove');
  const [isAsking, setAsking] = useState(false);
  const remove = useMutation(
    trpc.sso.remove.mutationOptions({ onSuccess: () => setAsking(false), onError: refusal }),
  );
  if (!mayRemove) return null;
  return (
    <div className="border-t pt-5">
      <Button variant="danger" onClick={() => setAsking(true)}>
        Remove the provider
      </Button>
      {isAsking ? (
        <ConfirmDialog
          isOpen
          onOpenChange={setAsking}
          title="Remove the provider?"
          verb="Remove it"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ accountId })}
        >
          <p>
            Every session that it opened ends at once. Roles stay; who has no password sets one with the link
            of “Forgotten password”. Domains stay proved.
          </p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}
