'use client';

import { Button } from '@patchbay/ui/button';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { useCustomers } from '../shell/use-customers.ts';

export interface CompareCustomerProps {
  readonly current: string;
  /** Those that are compared already. */
  readonly comparedIds: readonly string[];
}

/** Lets a customer be rated alone, from the month that goes on. */
export function CompareCustomer({ current, comparedIds }: CompareCustomerProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<string>();
  const customers = (useCustomers().customers ?? []).filter(
    ({ id, state }) => state !== 'closed' && !comparedIds.includes(id),
  );
  const childId = (customers.find(({ id }) => id === chosen) ?? customers[0])?.id;
  const start = useMutation(
    trpc.comparisons.start.mutationOptions({
      onSuccess: () => queries.invalidateQueries(trpc.comparisons.pathFilter()),
    }),
  );
  if (childId === undefined) return null;
  return (
    <IfMay to="comparisons.start">
      <div className="grid grid-cols-1 gap-2">
        <div className="flex flex-wrap items-center gap-3">
          <Select
            label="Customer"
            isLabelled
            value={childId}
            options={customers.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={setChosen}
          />
          <Button
            isPending={start.isPending}
            onClick={() => start.mutate({ accountId, childId, fromPeriod: current })}
          >
            {`Compare alone from ${showPeriod(current)}`}
          </Button>
        </div>
        {start.error === null ? null : <ProblemNote error={start.error} />}
      </div>
    </IfMay>
  );
}
