'use client';

import { policyNames } from '@patchbay/domain/policy/settings';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import { Layers } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { type Plan, PlanForm } from './plan-form.tsx';
import { PolicyTabs } from './policy-tabs.tsx';
import { settingLabel, valueText } from './setting-words.ts';

const NEW = 'new';

/** Policies with a name, which the account gives to those below it (POL-1). */
export function PlansPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const plans = useQuery(trpc.plans.list.queryOptions({ accountId }));
  const [target, setTarget] = useState(NEW);
  const mayCreate = useMay('plans.create');
  const mayUpdate = useMay('plans.update');
  const example = exampleOf({
    operation: 'plans.create',
    input: {
      accountId,
      name: 'Free',
      policy: { concurrentSessionsMax: 2, relayBytesPerDayMax: 1_000_000_000 },
    },
  });
  const items = plans.data?.items ?? [];
  const chosen = items.find(({ id }) => id === target);
  const ofChosen =
    chosen === undefined
      ? []
      : [
          exampleOf({
            operation: 'plans.simulate',
            input: { accountId, planId: chosen.id, policy: { concurrentSessionsMax: 1 }, days: 7 },
          }),
          exampleOf({ operation: 'plans.remove', input: { accountId, planId: chosen.id } }),
        ];
  return (
    <>
      <PageHeader
        title="Policy"
        scope="Plans of this account. A change of one holds at once for every account that has it."
        examples={[example, exampleOf({ operation: 'plans.list', input: { accountId } }), ...ofChosen]}
      />
      <PolicyTabs />
      {plans.error === null ? null : <ProblemNote error={plans.error} onRetry={() => void plans.refetch()} />}
      {plans.isPending ? <TableSkeleton rows={3} /> : null}
      {plans.isSuccess && items.length === 0 ? (
        <EmptyState
          icon={<Layers />}
          title="No plan yet"
          code={mayCreate ? <CodePanel title={example.title} snippets={example.snippets} /> : undefined}
        >
          A plan is a policy with a name, such as Free or Enterprise.{' '}
          {mayCreate
            ? 'Make one below, and give it to an account under this one on the page Policy of that account.'
            : 'It is given to accounts under this one, and holds for each that has it.'}
        </EmptyState>
      ) : null}
      {items.length === 0 ? null : (
        <Table
          label="Plans"
          columns={columns}
          rows={items}
          rowKey={({ id }) => id}
          onOpen={({ id }) => setTarget(id)}
        />
      )}
      {plans.isSuccess && (mayCreate || chosen !== undefined) ? (
        <section aria-labelledby="plan" className="mt-10">
          <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
            <h2 id="plan" className="font-semibold">
              {chosen === undefined ? 'A new plan' : mayUpdate ? `Change ${chosen.name}` : chosen.name}
            </h2>
            <Select
              label="Plan"
              value={chosen?.id ?? NEW}
              options={[
                ...(mayCreate ? [{ value: NEW, label: 'a new plan' }] : []),
                ...items.map((plan) => ({ value: plan.id, label: plan.name })),
              ]}
              onChange={setTarget}
            />
          </div>
          <PlanForm key={chosen?.id ?? NEW} plan={chosen} onDone={() => setTarget(NEW)} />
        </section>
      ) : null}
    </>
  );
}

const columns: readonly Column<Plan>[] = [
  { key: 'name', header: 'Plan', isTitle: true, cell: ({ name }) => name },
  {
    key: 'policy',
    header: 'Says',
    isWide: true,
    cell: ({ policy }) =>
      policyNames
        .filter((setting) => policy[setting] !== undefined)
        .map((setting) => {
          const value = policy[setting];
          return `${settingLabel(setting)} ${valueText(setting, value === undefined ? undefined : typeof value === 'number' ? value : [...value])}`;
        })
        .join(' · '),
  },
  { key: 'accounts', header: 'Accounts', isNumber: true, cell: ({ accountCount }) => accountCount },
];
