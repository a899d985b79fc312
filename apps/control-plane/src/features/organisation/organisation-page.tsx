'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Badge } from '@patchbay/ui/badge';
import { Identifier } from '@patchbay/ui/copy-button';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Field } from '@patchbay/ui/input';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { Building2 } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showCount } from '../../formats/quantity.ts';
import { showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { problemOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId, useMe, useSeesOrganisation } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';

type Organisation = Outputs['organisation']['get'];
type Person = Outputs['organisation']['people']['items'][number];

/** What the account belongs to: its name, its accounts, its people (ACC-3). */
export function OrganisationPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const isSeen = useSeesOrganisation();
  const found = useQuery(trpc.organisation.get.queryOptions({ accountId }, { enabled: isSeen === true }));
  const isNone =
    isSeen === false || (found.error !== null && problemOf(found.error).code === 'resource.unknown');
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of the organisation that this account belongs to, all its accounts together."
        examples={[
          exampleOf({ operation: 'organisation.get', input: { accountId } }),
          exampleOf({ operation: 'organisation.update', input: { accountId, name: 'Northwind Group' } }),
          exampleOf({ operation: 'organisation.people', input: { accountId } }),
        ]}
      />
      <AccountTabs />
      {found.error === null || isNone ? null : (
        <ProblemNote error={found.error} onRetry={() => void found.refetch()} />
      )}
      {isNone ? (
        <EmptyState icon={<Building2 />} title="No organisation within your reach">
          An organisation begins with somebody who signs up, and owns the top account that is made for them.
          You see it here when you hold a role at that top account. A customer’s account further down says
          nothing of who stands above it.
        </EmptyState>
      ) : null}
      {found.isPending && !isNone ? <TableSkeleton rows={5} /> : null}
      {found.data === undefined ? null : (
        <div className="grid gap-10">
          <div className="grid gap-x-16 gap-y-10 md:grid-cols-[minmax(0,26rem)_minmax(0,22rem)]">
            {/* Made anew when it was renamed elsewhere, or is another one. */}
            <NameForm key={`${found.data.id} ${found.data.name}`} organisation={found.data} />
            <OrganisationFacts organisation={found.data} />
          </div>
          <People accountId={found.data.accountId} />
        </div>
      )}
    </>
  );
}

const schema = tenancy.resources.organisation.operations.update.request;

function NameForm({ organisation }: { readonly organisation: Organisation }): ReactNode {
  const trpc = useTRPC();
  const saved = useSavedToast();
  const accountId = useAccountId();
  const update = useMutation(
    trpc.organisation.update.mutationOptions({
      onSuccess: saved,
    }),
  );
  const form = useForm({
    schema,
    read: (text) => ({ name: text('name') }),
    onValid: (fields) => update.mutate({ accountId, ...fields }),
    refusal: update.error,
  });
  return (
    <form {...form.props} className="grid content-start gap-4">
      <Changeable
        by="organisation.update"
        end={<FormEnd refusal={form.refusal} verb="Rename" isPending={update.isPending} />}
      >
        <Field
          label="Name"
          name="name"
          defaultValue={organisation.name}
          autoComplete="organization"
          hint="Its accounts keep their own names: they are changed under Settings."
          error={form.errorOf('name')}
        />
      </Changeable>
    </form>
  );
}

function OrganisationFacts({ organisation }: { readonly organisation: Organisation }): ReactNode {
  const { data: me } = useMe();
  const others = me?.organisations.filter(({ id }) => id !== organisation.id) ?? [];
  return (
    <Facts>
      <Fact term="Organisation id">
        <Identifier id={organisation.id} isShort />
      </Fact>
      <Fact term="Accounts">
        <Link href={pagePath(organisation.accountId, 'accounts')} className="hover:underline">
          {showCount(organisation.accountCount)}
        </Link>
      </Fact>
      <Fact term="People">{showCount(organisation.personCount)}</Fact>
      <Fact term="Since">{showDay(organisation.createdAt)}</Fact>
      {others.length === 0 ? null : (
        <Fact term="You also belong to">
          <span className="flex flex-wrap justify-end gap-x-3">
            {others.map(({ id, name, accountId }) => (
              <Link
                key={id}
                href={pagePath(accountId, 'organisation')}
                className="underline underline-offset-2"
              >
                {name}
              </Link>
            ))}
          </span>
        </Fact>
      )}
    </Facts>
  );
}

/** Everybody with a role at one of its accounts, each with all their roles. */
function People({ accountId }: { readonly accountId: string }): ReactNode {
  const trpc = useTRPC();
  const list = useInfiniteQuery(trpc.organisation.people.infiniteQueryOptions(listRequest(accountId), paged));
  const people = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="people">
      <h2 id="people" className="mb-1 font-semibold">
        People
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && people.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nobody holds a role at any of its accounts.</p>
      ) : null}
      {people.length === 0 ? null : (
        <Table label="People" columns={columns} rows={people} rowKey={({ userId }) => userId} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

/** Roles of one person before the rest is counted. */
const ROLES_MAX = 4;

const columns: readonly Column<Person>[] = [
  {
    key: 'name',
    header: 'Name',
    isTitle: true,
    cell: ({ name }) => <span className="font-medium">{name}</span>,
  },
  {
    key: 'email',
    header: 'E-mail',
    isWide: true,
    cell: ({ email }) => <span className="break-all">{email}</span>,
  },
  {
    key: 'roles',
    header: 'Roles',
    isWide: true,
    className: 'py-1.5',
    cell: ({ roles }) => (
      <span className="flex flex-wrap gap-x-4 gap-y-1">
        {roles.slice(0, ROLES_MAX).map(({ accountId, accountName, roleName, state }) => (
          <span key={accountId} className="inline-flex items-center gap-1.5">
            <Badge>{roleName}</Badge>
            {state === 'invited' ? <Badge tone="wait">invited</Badge> : null}
            <Link href={pagePath(accountId, 'team')} className="hover:underline">
              {accountName}
            </Link>
          </span>
        ))}
        {roles.length > ROLES_MAX ? (
          <span className="text-ink-faint">and {roles.length - ROLES_MAX} more</span>
        ) : null}
      </span>
    ),
  },
];
