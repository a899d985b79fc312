'use client';

import { Button } from '@patchbay/ui/button';
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

type Plan = Outputs['policy']['get']['plans'][number];

/** The plans that the account has, of each account above at most one, and those that the reader may give it. */
export function PlanChoice({
  plans,
  speakerIds,
}: {
  readonly plans: readonly Plan[];
  readonly speakerIds: readonly string[];
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const show = useToast();
  const { data: account } = useAccount();
  const owners = (account?.ancestors ?? []).filter(({ id }) => speakerIds.includes(id));
  const lists = useQueries({
    queries: owners.map(({ id }) => trpc.plans.list.queryOptions({ accountId: id })),
  });
  const assign = useMutation(
    trpc.plans.assign.mutationOptions({
      onSuccess: () => show({ title: 'The plan is changed. It holds within 5 seconds.', tone: 'live' }),
    }),
  );
  const has = new Set(plans.map(({ planId }) => planId));
  const offered = lists.flatMap(({ data }, index) =>
    (data?.items ?? []).map(({ id, name }) => ({ value: id, label: `${name} (${owners[index]?.name})` })),
  );
  const failure = lists.find(({ error }) => error !== null)?.error ?? assign.error;
  const names = new Map(account?.ancestors.map(({ id, name }) => [id, name]));
  const nearest = owners.at(-1);
  const mayMake = useMay('plans.create');
  return (
    <section aria-labelledby="plans">
      <h2 id="plans" className="mb-3 font-semibold">
        Plans of this account
      </h2>
      {failure === null || failure === undefined ? null : <ProblemNote error={failure} />}
      <Changeable by="plans.assign">
        {plans.length === 0 ? null : (
          <ul className="mb-3 grid max-w-xl divide-y divide-line border-y border-line">
            {plans.map((plan, index) => (
              <li key={plan.planId ?? index} className="flex min-h-11 items-center justify-between gap-3">
                <span className="min-w-0 break-words">{planText(plan, names)}</span>
                {plan.ownerId !== undefined && speakerIds.includes(plan.ownerId) ? (
                  <Button
                    size="small"
                    isPending={assign.isPending && assign.variables.from === plan.ownerId}
                    onClick={() => assign.mutate({ accountId, from: plan.ownerId })}
                  >
                    Take away
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
        <div className="max-w-sm">
          <Labelled
            label="Give a plan"
            hint={
              offered.length === 0 && nearest !== undefined && mayMake ? (
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
                'It holds at once, for the account and all below it, in place of the one of the same owner.'
              )
            }
          >
            <Select
              label="Give a plan"
              value={NONE}
              options={[
                { value: NONE, label: 'choose a plan' },
                ...offered.filter(({ value }) => !has.has(value)),
              ]}
              onChange={(planId) => {
                if (planId !== NONE) assign.mutate({ accountId, planId });
              }}
            />
          </Labelled>
        </div>
      </Changeable>
    </section>
  );
}

function planText({ name, ownerId }: Plan, names: ReadonlyMap<string, string>): string {
  if (name === undefined || ownerId === undefined) return 'A plan of an account above those that you see';
  return `${name} (${names.get(ownerId) ?? ownerId})`;
}
