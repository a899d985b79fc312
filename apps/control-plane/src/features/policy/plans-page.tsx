'use client';

import { policyNames } from '@patchbay/domain/policy/settings';
import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Field } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Layers } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { toDraft, toWord } from './policy-draft.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { PolicyTabs } from './policy-tabs.tsx';
import { settingLabel, valueText } from './setting-words.ts';

type Plan = Outputs['plans']['list']['items'][number];
const NEW = 'new';
const nothing = toDraft({});

/** Policies with a name, which the account gives to those below it (POL-1). */
export function PlansPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const plans = useQuery(trpc.plans.list.queryOptions({ accountId }));
  const [target, setTarget] = useState(NEW);
  const [name, setName] = useState('');
  const [draft, setDraft] = useState(nothing);
  const choose = (id: string) => {
    const plan = plans.data?.items.find((one) => one.id === id);
    setTarget(plan === undefined ? NEW : id);
    setName(plan?.name ?? '');
    setDraft(plan === undefined ? nothing : toDraft(plan.policy));
  };
  const done = { onSuccess: () => choose(NEW) };
  const create = useMutation(trpc.plans.create.mutationOptions(done));
  const update = useMutation(trpc.plans.update.mutationOptions(done));
  const mayCreate = useMay('plans.create');
  const mayUpdate = useMay('plans.update');
  const read = toWord(draft);
  const word = 'word' in read ? read.word : undefined;
  const example = exampleOf({
    operation: 'plans.create',
    input: {
      accountId,
      name: 'Free',
      policy: { concurrentSessionsMax: 2, relayBytesPerDayMax: 1_000_000_000 },
    },
  });
  const save = () => {
    if (word === undefined) return;
    if (target === NEW) create.mutate({ accountId, name, policy: word });
    else update.mutate({ accountId, planId: target, name, policy: word });
  };
  const error = plans.error ?? create.error ?? update.error;
  const items = plans.data?.items ?? [];
  return (
    <>
      <PageHeader
        title="Policy"
        scope="Plans of this account. A change of one holds at once for every account that has it."
        examples={[example, exampleOf({ operation: 'plans.list', input: { accountId } })]}
      />
      <PolicyTabs />
      {error === null ? null : <ProblemNote error={error} />}
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
          onOpen={({ id }) => choose(id)}
        />
      )}
      {plans.isSuccess && (mayCreate || target !== NEW) ? (
        <section aria-labelledby="plan" className="mt-10">
          <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
            <h2 id="plan" className="font-semibold">
              {target === NEW ? 'A new plan' : mayUpdate ? `Change ${name}` : name}
            </h2>
            <Select
              label="Plan"
              value={target}
              options={[
                ...(mayCreate ? [{ value: NEW, label: 'a new plan' }] : []),
                ...items.map((plan) => ({ value: plan.id, label: plan.name })),
              ]}
              onChange={choose}
            />
          </div>
          <div className="grid gap-3">
            <Changeable
              by={target === NEW ? 'plans.create' : 'plans.update'}
              end={
                <div className="mt-1">
                  <Button
                    variant="primary"
                    isPending={create.isPending || update.isPending}
                    disabled={word === undefined || name.trim() === ''}
                    onClick={save}
                  >
                    {target === NEW ? 'Create plan' : 'Save plan'}
                  </Button>
                </div>
              }
            >
              <Field
                label="Name"
                value={name}
                className="max-w-sm"
                onChange={({ target: field }) => setName(field.value)}
              />
              <PolicyEditor
                draft={draft}
                onChange={setDraft}
                effective={[]}
                refused={'refused' in read ? read.refused : undefined}
              />
            </Changeable>
          </div>
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
