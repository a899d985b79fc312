import { Fact, Facts } from '@patchbay/ui/facts';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import type { ShownDocument } from './document-sheet.tsx';
import { showMinorUnits } from './printed-document.ts';

/** What was paid of a document, what went back, and what is left. */
export function DocumentMoney({ document }: { readonly document: ShownDocument }): ReactNode {
  const accountId = useAccountId();
  const { standing, currency, totalMinorUnits, period, correctsId } = document;
  const money = (minorUnits: string) => `${showMinorUnits(minorUnits, currency)} ${currency}`;
  const isPayout = document.kind === 'payout-note';
  const [lost, setOff] = [
    isPayout ? BigInt(standing?.refundedMinorUnits ?? '0') : 0n,
    BigInt(standing?.setOffMinorUnits ?? '0'),
  ];
  const left = BigInt(totalMinorUnits) - lost - setOff - BigInt(standing?.paidMinorUnits ?? '0');
  return (
    <section aria-labelledby="money">
      <h2 id="money" className="mb-1 font-semibold">
        Money
      </h2>
      <Facts>
        <Fact term={isPayout ? 'Earned' : 'Total'}>{money(totalMinorUnits)}</Fact>
        {standing?.fundedMinorUnits === undefined ? null : (
          <Fact term="Paid by its payers">{money(standing.fundedMinorUnits)}</Fact>
        )}
        {setOff === 0n ? null : (
          <Fact term={setOff > 0n ? 'Kept for credit you gave' : 'Kept before, given back'}>
            {money((setOff > 0n ? setOff : -setOff).toString())}
          </Fact>
        )}
        {standing === undefined ? null : (
          <Fact term={isPayout ? 'Sent' : 'Paid'}>{money(standing.paidMinorUnits)}</Fact>
        )}
        {standing?.returnedMinorUnits === undefined ? null : (
          <Fact term="Taken back at Stripe">{money(standing.returnedMinorUnits)}</Fact>
        )}
        {standing === undefined || standing.state === 'void' ? null : (
          <Fact term={isPayout ? 'To be sent' : 'Open'}>{money(left.toString())}</Fact>
        )}
        {standing === undefined || standing.refundedMinorUnits === '0' ? null : (
          <Fact term={isPayout ? 'Lost' : 'Given back'}>{money(standing.refundedMinorUnits)}</Fact>
        )}
        {standing === undefined || standing.disputedMinorUnits === '0' ? null : (
          <Fact term="Held by a bank">{money(standing.disputedMinorUnits)}</Fact>
        )}
        <Fact term="Statement">
          <Link
            href={pagePath(document.accountId, `statements/${period}`)}
            className="underline underline-offset-2"
          >
            {period}
          </Link>
        </Fact>
        <Fact term="Bookings">
          <Link
            href={`${pagePath(accountId, 'ledger')}?period=${period}`}
            className="underline underline-offset-2"
          >
            in the ledger
          </Link>
        </Fact>
        {correctsId === undefined ? null : (
          <Fact term="Corrects">
            <Link
              href={pagePath(accountId, `documents/${correctsId}`)}
              className="underline underline-offset-2"
            >
              {document.correctsNumber ?? 'the invoice'}
            </Link>
          </Fact>
        )}
      </Facts>
      {standing?.failure === undefined ? null : (
        <p className="mt-2 text-fail">{standing.failure} It is tried again.</p>
      )}
    </section>
  );
}
