'use client';

import type { periods } from '@patchbay/domain/triggers/definition';
import { dimensionFilterText } from '@patchbay/kit/dimension-filter';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { countText, type Trigger } from './trigger-words.ts';

/** As often as usage is stored. */
const LOOK_MS = 2_000;

interface CounterPreviewProps {
  readonly counter: Trigger['counter'];
  readonly targetId: string;
  readonly scope: 'own' | 'descendants';
  /** Undefined for a counter that begins when the trigger is set. */
  readonly per: (typeof periods)[number] | undefined;
  readonly limit: number | undefined;
}

/** What a counter stands at in the window that runs, as it grows, and whether a trigger with this limit would fire at once. */
export function CounterPreview({ counter, targetId, scope, per, limit }: CounterPreviewProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const isMeasure = 'measure' in counter;
  const { data } = useQuery(
    trpc.triggers.preview.queryOptions(
      {
        accountId,
        ...('meter' in counter ? { meter: counter.meter } : {}),
        ...('event' in counter ? { event: counter.event } : {}),
        where: dimensionFilterText(counter.where ?? {}),
        targetAccountId: targetId,
        scope,
        per: per ?? 'day',
      },
      { refetchInterval: LOOK_MS, enabled: per !== undefined && !isMeasure },
    ),
  );
  if (isMeasure)
    return <p className="text-sm text-ink-faint">Read every two seconds; the highest reading counts.</p>;
  if (per === undefined)
    return <p className="text-sm text-ink-faint">Its counter begins at nothing when the trigger is set.</p>;
  if (data === undefined) return <p className="text-sm text-ink-faint">Reading the counter…</p>;
  const firesNow = limit !== undefined && BigInt(data.value) >= BigInt(limit);
  return (
    <p className="text-sm text-ink-soft" aria-live="polite">
      It stands at <span className="font-medium text-ink tabular-nums">{countText(counter, data.value)}</span>{' '}
      since {showMoment(data.windowStart)}
      {firesNow ? <span className="text-wait"> and would fire at once.</span> : '.'}
    </p>
  );
}
