'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { paged } from '../shell/list-request.ts';
import type { Line } from './line-cells.tsx';

/** Lines of one row that are fetched before more is asked for. */
const LINES_STEP = 100;

export interface LinesRequest {
  readonly period: string;
  /** The row: one meter at one price. */
  readonly row: Pick<Line, 'service' | 'meter' | 'amountPerUnit' | 'terms'>;
  /** What this child owes. Default: what the account itself does. */
  readonly childId?: string;
  readonly isOpen: boolean;
  readonly refreshMs: number | false;
}

/** The lines behind one row of a statement, the dearest first. They are fetched when the row is opened. */
export function useLines({ period, row, childId, isOpen, refreshMs }: LinesRequest) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { service, meter, amountPerUnit, terms = '' } = row;
  const query = useInfiniteQuery(
    trpc.statements.listLines.infiniteQueryOptions(
      {
        accountId,
        period,
        service,
        meter,
        amount: amountPerUnit.amount,
        per: amountPerUnit.per,
        terms,
        ...(childId === undefined ? {} : { childId }),
        limit: LINES_STEP,
      },
      { ...paged, enabled: isOpen, refetchInterval: refreshMs },
    ),
  );
  return { ...query, lines: query.data?.pages.flatMap(({ items }) => items) };
}
