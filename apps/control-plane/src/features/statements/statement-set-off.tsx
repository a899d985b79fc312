import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { showMinorUnits } from '../documents/printed-document.ts';
import { listRequest } from '../shell/list-request.ts';
import { pagePath } from '../shell/pages.ts';
import type { Statement } from './statement.ts';

/** What of the payout of a closed month is not sent, because others used credit that the account gave (BIL-5). */
export function StatementSetOff({ statement }: { readonly statement: Statement }): ReactNode {
  const trpc = useTRPC();
  const { accountId, period, payout, state, currency } = statement;
  const isPaidOut = state === 'closed' && payout !== undefined && payout.minorUnits !== '0';
  const { data } = useQuery(
    trpc.documents.list.queryOptions(
      { ...listRequest(accountId), of: 'own', kind: 'payout-note', period },
      { enabled: isPaidOut },
    ),
  );
  const note = data?.items.find(({ standing }) => standing?.setOffMinorUnits !== undefined);
  const minorUnits = BigInt(note?.standing?.setOffMinorUnits ?? '0');
  if (note === undefined || minorUnits === 0n) return null;
  return (
    <p className="max-w-prose text-ink-soft">
      {minorUnits > 0n ? 'Kept of it: ' : 'Sent with it: '}
      <span className="font-medium text-ink tabular-nums">
        {showMinorUnits((minorUnits > 0n ? minorUnits : -minorUnits).toString(), currency)} {currency}
      </span>
      {minorUnits > 0n
        ? ', which pay for credit that you gave and others used. '
        : ', which were kept before for credit that nobody used in the end. '}
      <Link
        href={pagePath(accountId, `documents/${note.id}`)}
        className="underline underline-offset-2 print:no-underline"
      >
        {note.number}
      </Link>
    </p>
  );
}
