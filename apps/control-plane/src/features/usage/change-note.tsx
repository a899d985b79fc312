import type { ReactNode } from 'react';
import { changeText } from './usage-query.ts';

/** What a total is beside that of the time before. */
export function ChangeNote({
  total,
  before,
}: {
  readonly total: bigint;
  readonly before: bigint;
}): ReactNode {
  return (
    <span className="ml-3 whitespace-nowrap text-ink-soft tabular-nums">{changeText(total, before)}</span>
  );
}
