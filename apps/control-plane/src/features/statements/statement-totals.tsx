import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import { Stat } from '@patchbay/ui/stat';
import type { ReactNode } from 'react';
import { showExactMoney, signOf } from '../../formats/money.ts';
import { ExactMoney } from './exact-money.tsx';
import { type Statement, sellersText } from './statement.ts';
import { StatementSetOff } from './statement-set-off.tsx';

type Settled = NonNullable<Statement['charge']>;
/** One summand of a sum that can be followed down to its cents. */
type Step = readonly [name: string, amount: bigint];

/** What is to be paid and what is to be paid out, each with what it is made of, down to the fraction that is carried. */
export function StatementTotals({ statement }: { readonly statement: Statement }): ReactNode {
  const { charge, payout, currency, passedThrough } = statement;
  if (charge === undefined || payout === undefined) return <Kept statement={statement} />;
  const [margins, subsidies] = [BigInt(statement.margins), BigInt(statement.subsidies)];
  const covered = margins < subsidies ? margins : subsidies;
  const hasChildren = signOf(statement.receivable) !== 0 || signOf(passedThrough) !== 0;
  return (
    <section aria-label="Totals" className="grid gap-4">
      <div className="grid gap-x-12 gap-y-4 md:grid-cols-2 print:grid-cols-2 print:gap-x-8">
        <Sum
          label="To be paid"
          settled={charge}
          currency={currency}
          steps={[
            ['Own use', BigInt(statement.ownUse)],
            ['Subsidies of children', subsidies],
            ['covered by margins', -covered],
          ]}
          note="rounded once, half to even"
        />
        {hasChildren || signOf(payout.carriedIn) !== 0 ? (
          <Sum
            label="To be paid out"
            settled={payout}
            currency={currency}
            steps={[
              ['Margins on children', margins],
              ['used to cover subsidies', -covered],
            ]}
            note="cut off to whole units"
          />
        ) : null}
      </div>
      <StatementSetOff statement={statement} />
      {signOf(passedThrough) === 0 ? null : (
        <p className="max-w-prose text-ink-soft">
          Passed through:{' '}
          <span className="font-medium text-ink tabular-nums" data-passed-through={passedThrough}>
            {showExactMoney(passedThrough)} {currency}
          </span>
          . That is what the use of the children costs at the prices of {sellersText(statement)}. It is taken
          out of what they pay, and asked of nobody twice.
        </p>
      )}
    </section>
  );
}

interface SumProps {
  readonly label: string;
  readonly settled: Settled;
  readonly currency: string;
  readonly steps: readonly Step[];
  /** How the sum becomes money. */
  readonly note: string;
}

function Sum({ label, settled, currency, steps, note }: SumProps): ReactNode {
  const { carriedIn, minorUnits, residue } = settled;
  const rows = [
    ...steps,
    ['From the month before', BigInt(carriedIn)],
    ['To the next month', -BigInt(residue)],
  ] as const;
  return (
    <section aria-label={label} className="border-y py-3">
      <Stat
        label={label}
        value={showExactMoney(nano(BigInt(minorUnits) * minorUnitOf(currency)))}
        unit={currency}
        note={signOf(residue) === 0 ? 'no fraction is left over' : note}
      />
      <dl className="mt-2 grid">
        {rows
          .filter(([, amount], index) => index === 0 || amount !== 0n)
          .map(([name, amount]) => (
            <div key={name} className="flex min-h-7 items-center justify-between gap-6 border-t">
              <dt className="text-ink-soft">{name}</dt>
              <dd>
                <ExactMoney amount={amount} />
              </dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

/** The platform is asked for nothing: it collects from all below it, pays margins out, and keeps its own prices. */
function Kept({ statement }: { readonly statement: Statement }): ReactNode {
  return (
    <section aria-label="Totals" className="grid gap-x-10 gap-y-4 border-y py-3 sm:grid-cols-3">
      {statement.totals.map(({ currency, margin }) => (
        <Stat
          key={currency}
          label="Kept by the platform"
          value={showExactMoney(margin)}
          unit={currency}
          tone="money"
          note="collected from all accounts below, less what is paid out to them"
        />
      ))}
    </section>
  );
}
