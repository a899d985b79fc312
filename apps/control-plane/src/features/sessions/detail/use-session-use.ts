'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Outputs, useTRPC } from '../../../trpc/client.ts';
import { useSpend } from '../../spend/use-spend.ts';
import { meterOf } from '../../usage/meters.ts';
import { mayGrow, type Session } from '../session.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const REFRESH_MS = 3_000;

type SpendLine = Outputs['spend']['get']['lines'][number];

/** One use of a session with its cost; what is counted and never priced stands beside what is. */
export interface UsedLine extends SpendLine {
  readonly isPriced: boolean;
}

export type SessionUse = ReturnType<typeof useSessionUse>;

/** What a session used, and what that cost its account at the prices that held meanwhile. */
export function useSessionUse(session: Session, nowMs: number) {
  const trpc = useTRPC();
  const { id: sessionId, accountId, startedAt, endedAt } = session;
  const isGrowing = mayGrow(session, nowMs);
  const range = {
    accountId,
    sessionId,
    from: new Date(Math.floor(Date.parse(startedAt) / MINUTE_MS) * MINUTE_MS).toISOString(),
    // Some of its use is reported after its end.
    to: new Date(Date.parse(endedAt ?? startedAt) + DAY_MS).toISOString(),
  };
  const spend = useSpend({ ...range, ...(isGrowing ? { refreshMs: REFRESH_MS } : {}) });
  const usage = useQuery(
    trpc.usage.query.queryOptions(range, {
      placeholderData: keepPreviousData,
      refetchInterval: isGrowing ? REFRESH_MS : false,
    }),
  );
  const priced = (spend.lines ?? []).map((line) => ({ ...line, isPriced: true }));
  const unpriced = (usage.data?.rows ?? []).flatMap(({ meter: name, quantity }): UsedLine[] => {
    const meter = meterOf(name);
    if (meter === undefined || meter.isPriced || quantity === '0') return [];
    const free = { amountPerUnit: { amount: '0', per: '1' }, amount: '0', isPriced: false };
    return [
      { service: meter.service, meter: meter.meter, unit: meter.unit, dimensions: {}, quantity, ...free },
    ];
  });
  const lines: readonly UsedLine[] = [...priced, ...unpriced];
  return { lines, amount: spend.amount, error: spend.error ?? usage.error };
}
