'use client';

import { Button } from '@patchbay/ui/button';
import { Select } from '@patchbay/ui/select';
import { type ReactNode, useState } from 'react';
import { IfMay } from '../shell/if-may.tsx';
import { useCustomers } from '../shell/use-customers.ts';
import { type Terms, TermsForm } from './reminder-terms.tsx';

/** Terms of its own for one customer: they begin as those that it has, or else as those of all. */
export function CustomerTerms({
  items,
  all,
}: {
  readonly items: readonly Terms[];
  readonly all: Terms;
}): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const customers = (useCustomers().customers ?? []).filter(({ state }) => state !== 'closed');
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
          Remind one customer otherwise …
        </Button>
      )}
    </IfMay>
  );
}
