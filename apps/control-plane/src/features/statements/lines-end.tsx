'use client';

import { Button } from '@patchbay/ui/button';
import type { ReactNode } from 'react';
import { ProblemNote } from '../problem/problem-note.tsx';
import type { useLines } from './use-lines.ts';

export interface LinesEndProps {
  readonly query: ReturnType<typeof useLines>;
  readonly columnCount: number;
  /** Lines in all, whether fetched or not. */
  readonly ofCount: number;
}

/** Below the lines of a row: that they come, why they do not, or that there are more. */
export function LinesEnd({ query, columnCount, ofCount }: LinesEndProps): ReactNode {
  const { lines, error, isPending, hasNextPage, isFetchingNextPage, refetch, fetchNextPage } = query;
  if (error !== null && lines === undefined) {
    return (
      <tr className="max-sm:block print:hidden">
        <td colSpan={columnCount} className="py-2 pl-6 max-sm:block max-sm:pl-0">
          <ProblemNote error={error} onRetry={() => void refetch()} />
        </td>
      </tr>
    );
  }
  if (isPending) {
    return (
      <tr className="max-sm:block print:hidden">
        <td
          colSpan={columnCount}
          className="h-7 pl-6 text-ink-faint max-sm:block max-sm:pl-0"
          aria-busy="true"
        >
          Reading {ofCount} lines …
        </td>
      </tr>
    );
  }
  if (!hasNextPage) return null;
  return (
    <tr className="max-sm:block print:hidden">
      <td colSpan={columnCount} className="h-10 pl-6 max-sm:block max-sm:pl-0">
        <Button size="small" isPending={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more of {ofCount}
        </Button>
      </td>
    </tr>
  );
}
