import type { ReactNode } from 'react';
import { showExactMoney } from '../../formats/money.ts';

const DECIMALS = 9;

/** An amount with every decimal it has; the points of a column stand below each other. */
export function ExactMoney({ amount }: { readonly amount: string | bigint }): ReactNode {
  const text = showExactMoney(amount);
  const decimals = text.length - text.indexOf('.') - 1;
  return (
    <span className="tabular-nums">
      {text}
      <span aria-hidden className="invisible select-none">
        {'0'.repeat(Math.max(0, DECIMALS - decimals))}
      </span>
    </span>
  );
}
