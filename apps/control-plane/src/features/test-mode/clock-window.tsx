'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';

type Clock = Outputs['testClocks']['get'];
type Month = Clock['months'][number];

/** While months are being closed. */
const ASK_AGAIN_MS = 500;

const columns: readonly Column<Month>[] = [
  { key: 'period', header: 'Month', isTitle: true, cell: ({ period }) => period },
  {
    key: 'state',
    header: 'State',
    cell: ({ state, doneCount, accountCount }) =>
      state === 'closed' ? 'closed' : `${doneCount} of ${accountCount} accounts`,
  },
  { key: 'documents', header: 'Documents', isNumber: true, cell: ({ documentCount }) => documentCount },
];

export interface ClockWindowProps {
  /** The highest of the customer's test accounts. */
  readonly accountId: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** Sets the clock of test accounts forward, shows the months that it closed, and begins anew. */
export function ClockWindow({ accountId, isOpen, onOpenChange }: ClockWindowProps): ReactNode {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const refusal = useRefusalToast();
  const mayCreate = useMay('testClocks.create');
  const mayAdvance = useMay('testClocks.advance');
  const mayReset = useMay('testClocks.reset');
  const [day, setDay] = useState('');
  const [isAsked, setAsked] = useState(false);
  const clock = useQuery(
    trpc.testClocks.get.queryOptions(
      { accountId },
      {
        enabled: isOpen,
        retry: false,
        refetchInterval: ({ state }) => (state.data?.state === 'closing' ? ASK_AGAIN_MS : false),
      },
    ),
  );
  // Statements, prices and limits all read it.
  const changed = { onSuccess: () => void queries.invalidateQueries(), onError: refusal };
  const create = useMutation(trpc.testClocks.create.mutationOptions(changed));
  const advance = useMutation(trpc.testClocks.advance.mutationOptions(changed));
  const reset = useMutation(
    trpc.testClocks.reset.mutationOptions({
      onSuccess: ({ accountId: id }) => {
        void queries.invalidateQueries();
        setAsked(false);
        onOpenChange(false);
        router.push(pagePath(id));
      },
      onError: refusal,
    }),
  );
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="The clock of your test accounts"
      description="What they use, pay and owe is told this time. Each month that it goes over is closed within seconds."
      placement="side"
    >
      {clock.data === undefined ? (
        <div className="grid gap-4">
          <p>They have none yet: they are told the time that it is.</p>
          {mayCreate ? (
            <DialogActions>
              <Button
                variant="primary"
                isPending={create.isPending}
                onClick={() => create.mutate({ accountId })}
              >
                Give them a clock
              </Button>
            </DialogActions>
          ) : null}
        </div>
      ) : (
        <div className="grid gap-5">
          <p>
            It says <strong className="font-semibold">{showDay(clock.data.now)}</strong>
            {clock.data.state === 'closing' ? ', and months are being closed.' : '.'}
          </p>
          {clock.data.months.length === 0 ? null : (
            <Table
              label="Months"
              columns={columns}
              rows={clock.data.months}
              rowKey={({ period }) => period}
            />
          )}
          {mayAdvance ? (
            <form
              className="grid gap-3"
              onSubmit={(event) => {
                event.preventDefault();
                if (day !== '') advance.mutate({ accountId, to: `${day}T00:00:00.000Z` });
              }}
            >
              <Field
                label="Set it forward to"
                type="date"
                min={clock.data.now.slice(0, 10)}
                value={day}
                onChange={(event) => setDay(event.target.value)}
                hint="At most two years from today."
              />
              <DialogActions>
                {mayReset ? (
                  <Button variant="ghost" onClick={() => setAsked(true)}>
                    Begin anew …
                  </Button>
                ) : null}
                <Button
                  variant="primary"
                  type="submit"
                  disabled={day === '' || clock.data.state === 'closing'}
                  isPending={advance.isPending}
                >
                  Set forward
                </Button>
              </DialogActions>
            </form>
          ) : null}
          <ConfirmDialog
            isOpen={isAsked}
            onOpenChange={setAsked}
            title="Begin anew?"
            verb="Begin anew"
            isPending={reset.isPending}
            onConfirm={() => reset.mutate({ accountId })}
          >
            <p>
              New test accounts take the place of these, with the same keys, empty books and no clock. What
              these used, owed and paid stays with accounts that are closed.
            </p>
          </ConfirmDialog>
        </div>
      )}
    </Dialog>
  );
}
