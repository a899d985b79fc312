'use client';

import { Button } from '@patchbay/ui/button';
import { Select } from '@patchbay/ui/select';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { type Terms, TermsForm } from './reminder-terms.tsx';

/** Of so many customers one is chosen here; of any other by its id, in code. */
const CHILDREN_MAX = 200;

/** Words of its own for one customer: it begins with those that it has, or else with those of all. */
export function CustomerTerms({
  items,
  all,
}: {
  readonly items: readonly Terms[];
  readonly all: Terms;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const children = useQuery(trpc.accounts.list.queryOptions({ accountId, limit: CHILDREN_MAX }));
  const customers = (children.data?.items ?? []).filter(({ state }) => state !== 'closed');
  const childId = chosen ?? customers[0]?.id;
  if (childId === undefined) return null;
  const terms = items.find((each) => each.childId === childId) ?? all;
  return (
    <IfMay to="reminders.set">
      {isOpen ? (
        <div className="grid gap-3">
          <div className="flex flex-wrap items-center gap-3">
            <Select
              label="Customer"
              isLabelled
              value={childId}
              options={customers.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={setChosen}
            />
            <Button variant="ghost" onClick={() => setOpen(false)}>
              Leave it
            </Button>
          </div>
          <TermsForm
            key={`${childId} ${JSON.stringify(terms)}`}
            terms={terms}
            childId={childId}
            onSaved={() => setOpen(false)}
          />
        </div>
      ) : (
        <Button className="w-fit" onClick={() => setOpen(true)}>
          Words for one customer …
        </Button>
      )}
    </IfMay>
  );
}
