import { Badge } from '@patchbay/ui/badge';
import type { Tone } from '@patchbay/ui/tone';
import { CircleAlert, CircleCheck, CircleDashed, CircleSlash } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Outputs } from '../../trpc/client.ts';
import { useAccount } from '../shell/account.ts';
import { type PayoutStanding, payoutStateOf } from './payout-state.ts';

export type DocumentHead = Outputs['documents']['list']['items'][number];

interface Shown {
  readonly tone: Tone;
  readonly icon: ReactNode;
  readonly text: string;
}

const waiting = (text: string): Shown => ({ tone: 'info', icon: <CircleDashed aria-hidden />, text });
const done = (text: string): Shown => ({ tone: 'live', icon: <CircleCheck aria-hidden />, text });
const over = (text: string): Shown => ({ tone: 'neutral', icon: <CircleSlash aria-hidden />, text });

/** What became of a document, in a word or two. */
export function stateOf({ kind, standing, dueAt }: DocumentHead, nowMs: number): Shown {
  if (standing === undefined) return over(kind === 'credit-note' ? 'issued' : 'not collected');
  const { state, disputedMinorUnits, refundedMinorUnits, paidMinorUnits } = standing;
  if (kind === 'payout-note') return payoutState(standing);
  if (disputedMinorUnits !== '0')
    return { tone: 'fail', icon: <CircleAlert aria-hidden />, text: 'disputed' };
  switch (state) {
    case 'paid':
      if (refundedMinorUnits === '0') return done('paid');
      return over(
        BigInt(refundedMinorUnits) >= BigInt(paidMinorUnits) ? 'given back' : 'paid, a part given back',
      );
    case 'void':
      return over('void');
    case 'uncollectible':
      return { tone: 'fail', icon: <CircleAlert aria-hidden />, text: 'given up' };
    case 'open':
      return dueAt !== undefined && Date.parse(dueAt) < nowMs
        ? { tone: 'wait', icon: <CircleAlert aria-hidden />, text: 'overdue' }
        : waiting(paidMinorUnits === '0' ? 'open' : 'paid in part');
    default:
      return waiting('not asked for yet');
  }
}

function payoutState(standing: PayoutStanding): Shown {
  const { isDone, text } = payoutStateOf(standing);
  if (standing.state === 'void') return over(text);
  return isDone ? done(text) : waiting(text);
}

export function DocumentState({
  document,
  nowMs,
}: {
  readonly document: DocumentHead;
  readonly nowMs: number;
}): ReactNode {
  const { data: account } = useAccount();
  const { tone, icon, text } = stateOf(document, nowMs);
  const { failure, state } = document.standing ?? {};
  // Of a test account no invoice is ever asked for: nobody waits for it.
  const isOfTest = account?.isTest === true && document.kind === 'invoice' && state === 'waiting';
  return (
    <Badge tone={tone} icon={icon} {...(failure === undefined ? {} : { title: failure })}>
      {isOfTest ? 'test: not collected' : text}
    </Badge>
  );
}
