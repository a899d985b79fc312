'use client';

import { Badge } from '@patchbay/ui/badge';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Stat } from '@patchbay/ui/stat';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoney, signOf } from '../../formats/money.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { AutomaticTopUp } from './automatic-top-up.tsx';
import type { Balance } from './balance.ts';
import { CreditLine } from './credit-line.tsx';
import { Credits } from './credits.tsx';
import { GiveCredit } from './give-credit.tsx';
import { Holds } from './holds.tsx';
import { PrepaidTerms } from './prepaid-terms.tsx';
import { SpendingLimits } from './spending-limits.tsx';
import { TopUps } from './top-ups.tsx';

/** What an account has to spend, what it may spend, and who says so (BIL-5). */
export function BalancePage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const balance = useQuery(trpc.balances.get.queryOptions({ accountId }, { refetchInterval: REFRESH_MS }));
  return (
    <>
      <PageHeader
        title="Balance"
        scope="What this account has prepaid, and what it and all below it may spend."
        examples={[
          exampleOf({ operation: 'balances.get', input: { accountId }, cli: `balance show ${accountId}` }),
          exampleOf({
            operation: 'spendingLimits.set',
            input: { accountId, limits: [{ per: 'month', amount: '100000000000', action: 'stop' }] },
            cli: `limit set ${accountId} --per month --amount 100 --stop`,
          }),
        ]}
      />
      {balance.error === null ? null : (
        <ProblemNote error={balance.error} onRetry={() => void balance.refetch()} />
      )}
      {balance.isPending ? <TableSkeleton rows={6} /> : null}
      <div className="grid gap-12">
        {balance.data === undefined ? null : <Prepaid balance={balance.data} />}
        <SpendingLimits />
      </div>
    </>
  );
}

/** What a session used is here within seconds. */
const REFRESH_MS = 5_000;

/** One that is prepaid no more still pays what its balance owes. */
const takesMoney = ({ isPrepaid, balance }: Balance) => isPrepaid || signOf(balance) < 0;

function Prepaid({ balance }: { readonly balance: Balance }): ReactNode {
  return (
    <section aria-labelledby="prepaid" className="grid gap-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h2 id="prepaid" className="font-semibold">
          Balance
        </h2>
        <Badge tone={balance.isPrepaid ? 'live' : 'neutral'}>
          {balance.isPrepaid ? 'pays before it uses' : 'pays after the month'}
        </Badge>
        <span className="grow" />
        {takesMoney(balance) ? (
          <IfMay to="credits.give">
            <GiveCredit currency={balance.currency} />
          </IfMay>
        ) : null}
      </div>
      <Figures balance={balance} />
      <IfMay to="balances.setTerms">
        <PrepaidTerms key={`${balance.isPrepaid} ${balance.overdraft}`} balance={balance} />
      </IfMay>
      {takesMoney(balance) ? <TopUps currency={balance.currency} /> : null}
      {balance.isPrepaid ? (
        <AutomaticTopUp key={JSON.stringify(balance.automaticTopUp)} balance={balance} />
      ) : null}
      <Credits currency={balance.currency} />
      <CreditLine />
      <Holds balance={balance} />
    </section>
  );
}

function Figures({ balance }: { readonly balance: Balance }): ReactNode {
  const { currency, balance: left, held, available, overdraft, isPrepaid } = balance;
  return (
    <div className="grid grid-cols-2 gap-x-8 gap-y-5 sm:grid-cols-4">
      <Stat
        label="Left"
        value={showMoney(left, currency)}
        unit={currency}
        {...(signOf(left) < 0 ? { tone: 'fail' } : {})}
      />
      <Stat label="Held by sessions" value={showMoney(held, currency)} unit={currency} />
      <Stat
        label="For new sessions"
        value={isPrepaid ? showMoney(available, currency) : 'no bound'}
        {...(isPrepaid ? { unit: currency } : {})}
        {...(isPrepaid && signOf(available) <= 0 ? { tone: 'fail', note: 'Nothing begins.' } : {})}
      />
      <Stat label="May go below zero by" value={showMoney(overdraft, currency)} unit={currency} />
    </div>
  );
}
