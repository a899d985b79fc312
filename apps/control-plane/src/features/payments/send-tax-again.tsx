import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { showMinorUnits } from '../documents/printed-document.ts';
import { useSaid } from '../documents/use-said.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import type { Difference } from './difference-words.ts';

/** Sends once more what of it is not on its way already. */
export function SendTaxAgain({ of }: { readonly of: Difference }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const { accountId: sellerId, period, currency } = of;
  const held = useQuery(trpc.collectedTaxes.list.queryOptions({ accountId: sellerId }));
  const said = useSaid('It is sent again.', 'Within a minute it is at Stripe.', () => setOpen(false));
  const sending = useMutation(trpc.collectedTaxes.sendAgain.mutationOptions(said));
  const month = held.data?.items.find((each) => each.period === period && each.currency === currency);
  if (month === undefined || BigInt(month.returnedMinorUnits) <= 0n) return null;
  const returned = `${showMinorUnits(month.returnedMinorUnits, currency)} ${currency}`;
  return (
    <IfMay to="collectedTaxes.sendAgain">
      <Button size="small" onClick={() => setOpen(true)}>
        Send again …
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title={`Send ${returned} of tax again?`}
        description={`Somebody took ${returned} of the tax of ${showPeriod(period)} back at Stripe by hand. Its seller is owed it, and gets it once, however often you ask.`}
      >
        <DialogActions>
          <Button variant="ghost" onClick={() => setOpen(false)}>
            Leave it
          </Button>
          <Button
            variant="primary"
            isPending={sending.isPending}
            onClick={() => sending.mutate({ accountId, sellerId, period })}
          >
            Send again
          </Button>
        </DialogActions>
      </Dialog>
    </IfMay>
  );
}
