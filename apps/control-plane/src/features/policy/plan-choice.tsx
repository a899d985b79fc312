'use client';

import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueries } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';

const NONE = 'none';

/** The plan that the account has, of those of the accounts above it that the reader sees. */
export function PlanChoice({
  plan,
}: {
  readonly plan: Outputs['policy']['get']['plan'] | undefined;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const show = useToast();
  const { data: account } = useAccount();
  const owners = account?.ancestors ?? [];
  const lists = useQueries({
    queries: owners.map(({ id }) => trpc.plans.list.queryOptions({ accountId: id })),
  });
  const assign = useMutation(
    trpc.plans.assign.mutationOptions({
      onSuccess: () => show({ title: 'The plan is changed. It holds within 5 seconds.', tone: 'live' }),
    }),
  );
  const plans = lists.flatMap(({ data }, index) =>
    (data?.items ?? []).map(({ id, name }) => ({ value: id, label: `${name} (${owners[index]?.name})` })),
  );
  const isFailed = lists.find(({ error }) => error !== null)?.error ?? assign.error;
  const chosen = plan?.planId ?? (plan === undefined ? NONE : 'hidden');
  const hidden = chosen === 'hidden' ? [{ value: 'hidden', label: 'one of an account above yours' }] : [];
  const nearest = owners.at(-1);
  const mayMake = useMay('plans.create');
  return (
    <section aria-labelledby="plan">
      <h2 id="plan" className="mb-3 font-semibold">
        Plan
      </h2>
      {isFailed === null || isFailed === undefined ? null : <ProblemNote error={isFailed} />}
      <Changeable by="plans.assign">
        <div className="max-w-sm">
          <Labelled
            label="Plan of this account"
            hint={
              plans.length === 0 && nearest !== undefined && mayMake ? (
                <>
                  There is none yet.{' '}
                  <Link
                    href={pagePath(nearest.id, 'plans')}
                    className="text-ink underline underline-offset-2"
                  >
                    Make one at {nearest.name}
                  </Link>
                </>
              ) : (
                'A plan holds at once, for the account and all below it.'
              )
            }
          >
            <Select
              label="Plan of this account"
              value={chosen}
              options={[{ value: NONE, label: 'no plan' }, ...hidden, ...plans]}
              onChange={(value) => {
                if (value === 'hidden') return;
                assign.mutate({ accountId, ...(value === NONE ? {} : { planId: value }) });
              }}
            />
          </Labelled>
        </div>
      </Changeable>
    </section>
  );
}
