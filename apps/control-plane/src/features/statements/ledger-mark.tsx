import { Badge } from '@patchbay/ui/badge';
import { CircleAlert, CircleCheck, CircleDashed } from 'lucide-react';
import type { ReactNode } from 'react';
import { showExactMoney } from '../../formats/money.ts';
import { agreesWithLedger } from '../overview/attention.ts';
import type { Statement } from './statement.ts';

/** Whether the sums of the lines are those of the ledger, to the nano unit. */
export function LedgerMark({ statement }: { readonly statement: Statement }): ReactNode {
  if (statement.ledger.isBehind) {
    return (
      <Badge tone="info" icon={<CircleDashed aria-hidden />}>
        booked in the ledger within minutes
      </Badge>
    );
  }
  if (agreesWithLedger(statement)) {
    return (
      <Badge tone="live" icon={<CircleCheck aria-hidden />}>
        agrees with the ledger
      </Badge>
    );
  }
  const { payable, receivable, charged, paidOut } = statement.ledger;
  return (
    <Badge
      tone="fail"
      icon={<CircleAlert aria-hidden />}
      title={`The ledger has ${showExactMoney(payable)} owed, ${showExactMoney(receivable)} to come, ${showExactMoney(charged)} asked and ${showExactMoney(paidOut)} paid out.`}
    >
      disagrees with the ledger
    </Badge>
  );
}
