'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { TextArea } from '@patchbay/ui/text-area';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';

const HEAD = 'account,period,total\n';

/** What the other biller asked for, typed or pasted. */
export function ImportFigures(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const [isOpen, setOpen] = useState(false);
  const [csv, setCsv] = useState(HEAD);
  const keep = useMutation(
    trpc.comparisons.importFigures.mutationOptions({
      onSuccess: async ({ figureCount }) => {
        setOpen(false);
        setCsv(HEAD);
        show({
          tone: 'live',
          title: `${figureCount} ${figureCount === 1 ? 'figure is' : 'figures are'} kept.`,
        });
        await queries.invalidateQueries(trpc.comparisons.pathFilter());
      },
    }),
  );
  return (
    <IfMay to="comparisons.importFigures">
      <Button onClick={() => setOpen(true)}>Enter figures</Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="What the other biller asked for"
        description="A line for each customer and month: the account, by its id or its name in your system, the month, and the total with tax. A month that is there already is replaced."
      >
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            keep.mutate({ accountId, csv });
          }}
        >
          <TextArea
            label="CSV"
            hint="Such as crm_42,2026-11,120.00"
            rows={8}
            error={undefined}
            value={csv}
            onChange={setCsv}
          />
          {keep.error === null ? null : <ProblemNote error={keep.error} />}
          <DialogActions>
            <Button
              type="submit"
              variant="primary"
              disabled={csv.trim() === HEAD.trim()}
              isPending={keep.isPending}
            >
              Keep
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </IfMay>
  );
}
