import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import { Stat } from '@patchbay/ui/stat';
import type { ReactNode } from 'react';
import { showExactMoney, signOf } from '../../formats/money.ts';
import type { Statement } from './statement.ts';

/** What is owed exactly and in whole cents, and what was earned. */
export function StatementTotals({ statement }: { readonly statement: Statement }): ReactNode {
  const { payable, receivable, margin, residue, carriedIn, totalMinorUnits, payout } = statement;
  const { currency, sellerName } = statement;
  const isSubsidy = signOf(margin) < 0;
  return (
    <section
      aria-label="Totals"
      className="grid gap-x-10 gap-y-4 border-y py-3 sm:grid-cols-2 lg:grid-cols-4 print:grid-cols-2"
    >
      <Stat
        label={`Owed to ${sellerName}`}
        value={showExactMoney(payable)}
        unit={currency}
        note="exact, all lines"
      />
      <Stat
        label="To be paid"
        value={showExactMoney(nano(BigInt(totalMinorUnits) * minorUnitOf(currency)))}
        unit={currency}
        note={[
          signOf(carriedIn) === 0 ? '' : `with ${showExactMoney(carriedIn)} from the month before`,
          signOf(residue) === 0
            ? 'no fraction is left over'
            : `rounded once, half to even; ${showExactMoney(residue)} goes to the next month`,
        ]
          .filter(Boolean)
          .join('; ')}
      />
      <Stat label="Owed by its children" value={showExactMoney(receivable)} unit={currency} />
      <Stat
        label={isSubsidy ? 'Subsidy' : 'Margin'}
        value={showExactMoney(isSubsidy ? -BigInt(margin) : margin)}
        unit={currency}
        tone={isSubsidy ? 'wait' : 'money'}
        note={
          isSubsidy
            ? 'the children pay less than their use costs'
            : ['what the children pay, less what their use costs', payoutNote(payout, currency)]
                .filter(Boolean)
                .join('; ')
        }
      />
    </section>
  );
}

/** What of a margin is paid out, in whole cents (BIL-4). */
function payoutNote(payout: Statement['payout'], currency: string): string {
  if (payout === undefined || signOf(payout.minorUnits) === 0) return '';
  return `${showExactMoney(nano(BigInt(payout.minorUnits) * minorUnitOf(currency)))} of it to be paid out`;
}
