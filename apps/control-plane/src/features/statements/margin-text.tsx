import { HandCoins } from 'lucide-react';
import type { ReactNode } from 'react';
import { showMoney, signOf } from '../../formats/money.ts';
import { ExactMoney } from './exact-money.tsx';

export interface MarginTextProps {
  readonly margin: string;
  readonly currency: string;
  /** To the last fraction, as a statement has it. */
  readonly isExact?: boolean;
}

/** What is earned; below zero it is given, and says so (BIL-2). */
export function MarginText({ margin, currency, isExact = false }: MarginTextProps): ReactNode {
  const text = isExact ? <ExactMoney amount={margin} /> : showMoney(margin, currency);
  if (signOf(margin) >= 0) return <span className="text-money tabular-nums">{text}</span>;
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap text-wait tabular-nums">
      <HandCoins className="size-3.5 print:hidden" aria-hidden />
      <span className="text-sm print:hidden">subsidy</span> {text}
    </span>
  );
}
