'use client';

import { type OverdueAction, overdueActions } from '@patchbay/domain/billing/reminders';
import { Button } from '@patchbay/ui/button';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { actionWords, readDays } from './reminder-words.ts';

export type Terms = Outputs['reminders']['get']['items'][number];

/** When customers are reminded, and what follows at last: all of them, or one. */
export function TermsForm({
  terms,
  childId,
  onSaved,
}: {
  readonly terms: Terms;
  readonly childId?: string;
  readonly onSaved?: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const [before, setBefore] = useState(terms.beforeDays?.toString() ?? '');
  const [after, setAfter] = useState(terms.afterDays.join(', '));
  const [action, setAction] = useState<OverdueAction>(terms.lastAction);
  const set = useMutation(
    trpc.reminders.set.mutationOptions({
      onSuccess: async () => {
        show({ title: 'It holds from now on.', tone: 'live' });
        await queries.invalidateQueries({ queryKey: trpc.reminders.pathKey() });
        onSaved?.();
      },
    }),
  );
  const afterDays = readDays(after);
  const beforeDays = before === '' ? undefined : Number(before);
  const isRight =
    afterDays !== undefined &&
    (beforeDays === undefined || (Number.isInteger(beforeDays) && beforeDays >= 0 && beforeDays <= 60));
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isRight) return;
        set.mutate({
          ...{ accountId, afterDays, lastAction: action },
          ...(beforeDays === undefined ? {} : { beforeDays }),
          ...(childId === undefined ? {} : { childId }),
        });
      }}
    >
      <Changeable
        by="reminders.set"
        end={
          <Button
            type="submit"
            variant="primary"
            className="w-fit"
            disabled={!isRight}
            isPending={set.isPending}
          >
            Save
          </Button>
        }
      >
        <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
          <Field
            label="Before it is due"
            className="w-36"
            inputMode="numeric"
            unit="days"
            value={before}
            onChange={(event) => setBefore(event.target.value.trim())}
          />
          <Field
            label="After it was due"
            className="w-48"
            unit="days"
            value={after}
            onChange={(event) => setAfter(event.target.value)}
          />
          <Labelled label="With the last reminder">
            <Select
              label="With the last reminder"
              value={action}
              options={overdueActions.map((value) => ({ value, label: actionWords[value] }))}
              onChange={setAction}
            />
          </Labelled>
        </div>
      </Changeable>
      {set.error === null ? null : <ProblemNote error={set.error} />}
    </form>
  );
}
