'use client';

import { minorUnitOf, parseDecimal } from '@patchbay/domain/billing/money';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { isPlatform } from '../shell/account-standing.ts';
import { IfMay } from '../shell/if-may.tsx';
import { TestPayments } from '../test-mode/test-payments.tsx';
import type { ShownDocument } from './document-sheet.tsx';
import { showMinorUnits } from './printed-document.ts';
import { useSaid } from './use-said.ts';

/**
 * What whoever collects a document can do with it: give back what was paid of an invoice, or ask for it no more; send once more
 * what somebody took back of a payout.
 */
export function DocumentChanges({ document }: { readonly document: ShownDocument }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const { kind, standing, collectedBy } = document;
  const isOfSeller = collectedBy === 'seller' && document.accountId !== accountId;
  const own = useQuery(trpc.collecting.get.queryOptions({ accountId }, { enabled: isOfSeller }));
  if (account?.isTest === true) return kind === 'invoice' ? <TestPayments document={document} /> : null;
  const isOurs = isOfSeller ? own.data !== undefined && own.data.state !== 'none' : isPlatform(account);
  if (!isOurs || standing === undefined) return null;
  if (kind === 'payout-note')
    return standing.returnedMinorUnits === undefined ? null : (
      <section aria-label="What you can do">
        <IfMay to="payouts.sendAgain">
          <SendAgain document={document} />
        </IfMay>
      </section>
    );
  if (kind !== 'invoice') return null;
  const isPaid = BigInt(standing.paidMinorUnits) > BigInt(standing.refundedMinorUnits);
  const isOpen = standing.paidMinorUnits === '0' && standing.state !== 'void';
  return (
    <section aria-label="What you can do" className="flex flex-wrap gap-2">
      {isPaid ? (
        <IfMay to="statements.refund">
          <GiveBack document={document} />
        </IfMay>
      ) : null}
      {isOpen ? (
        <IfMay to="statements.void">
          <MakeVoid document={document} />
        </IfMay>
      ) : null}
    </section>
  );
}

interface ChangeProps {
  readonly document: ShownDocument;
}

/** Says what was done, and reads what it changed anew. */
function GiveBack({ document }: ChangeProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const said = useSaid('It goes back.', 'A credit note says so.', () => setOpen(false));
  const refund = useMutation(trpc.statements.refund.mutationOptions(said));
  const { currency, accountId: buyerId, period, standing } = document;
  const mostMinorUnits =
    BigInt(standing?.paidMinorUnits ?? '0') - BigInt(standing?.refundedMinorUnits ?? '0');
  const minorUnits = minorUnitsIn(text, currency);
  const isTooMuch = minorUnits !== undefined && minorUnits > mostMinorUnits;
  const most = `${showMinorUnits(mostMinorUnits.toString(), currency)} ${currency}`;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        Give back …
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="Give back a part"
        description="Whoever earned of this invoice bears its share: payouts that left are taken back by that part."
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (minorUnits === undefined || isTooMuch) return;
            refund.mutate({ accountId, buyerId, period, minorUnits: minorUnits.toString() });
          }}
        >
          <Field
            label="Amount"
            unit={currency}
            inputMode="decimal"
            value={text}
            onChange={(event) => setText(event.target.value)}
            hint={`At most ${most}.`}
            {...(isTooMuch ? { error: `At most ${most}.` } : {})}
          />
          <DialogActions>
            <Button variant="ghost" onClick={() => setOpen(false)}>
              Leave it
            </Button>
            <Button
              variant="danger"
              type="submit"
              disabled={minorUnits === undefined || isTooMuch}
              isPending={refund.isPending}
            >
              Give back
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}

/** What somebody typed as whole minor units; undefined where it is none, or nothing. */
export function minorUnitsIn(text: string, currency: string): bigint | undefined {
  if (!/^\d{1,12}([.]\d{1,9})?$/.test(text.trim())) return undefined;
  const [amount, unit] = [parseDecimal(text.trim()), minorUnitOf(currency)];
  return amount > 0n && amount % unit === 0n ? amount / unit : undefined;
}

function MakeVoid({ document }: ChangeProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const said = useSaid('The invoice is asked for no more.', 'A credit note says so.', () => setOpen(false));
  const cancel = useMutation(trpc.statements.void.mutationOptions(said));
  const { number, accountName, accountId: buyerId, period } = document;
  return (
    <>
      <Button size="small" variant="danger" onClick={() => setOpen(true)}>
        Make void …
      </Button>
      <ConfirmDialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title={`Make ${number} void?`}
        verb="Make void"
        name={number}
        isPending={cancel.isPending}
        onConfirm={() => cancel.mutate({ accountId, buyerId, period })}
      >
        <p>
          {accountName} is not asked for it any more, and nobody above earns of it. A credit note over all of
          it is issued. What was paid meanwhile is given back.
        </p>
      </ConfirmDialog>
    </>
  );
}

function SendAgain({ document }: ChangeProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const said = useSaid('It is sent again.', 'Within a minute it is at Stripe.', () => setOpen(false));
  const sending = useMutation(trpc.payouts.sendAgain.mutationOptions(said));
  const { id: documentId, number, accountName, currency, standing } = document;
  const returned = `${showMinorUnits(standing?.returnedMinorUnits ?? '0', currency)} ${currency}`;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        Send again …
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title={`Send ${returned} of ${number} again?`}
        description={`Somebody took ${returned} back at Stripe by hand. ${accountName} is owed it, and gets it once, however often you ask.`}
      >
        <DialogActions>
          <Button variant="ghost" onClick={() => setOpen(false)}>
            Leave it
          </Button>
          <Button
            variant="primary"
            isPending={sending.isPending}
            onClick={() => sending.mutate({ accountId, documentId })}
          >
            Send again
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
