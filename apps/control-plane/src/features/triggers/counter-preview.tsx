'use client';

import type { periods } from '@patchbay/domain/triggers/definition';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMetered, textOf } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { unitOf } from '../usage/meters.ts';

/** As often as usage is stored. */
const LOOK_MS = 2_000;

interface CounterPreviewProps {
  readonly meter: string;
  readonly targetId: string;
  /** Undefined for a counter that begins when the trigger is set. */
  readonly per: (typeof periods)[number] | undefined;
  readonly limit: number | undefined;
}

/** What a counter stands at in the window that runs, as it grows, and whether a trigger with this limit would fire at once. */
export function CounterPreview({ meter, targetId, per, limit }: CounterPreviewProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data } = useQuery(
    trpc.triggers.preview.queryOptions(
      { accountId, meter, targetAccountId: targetId, per: per ?? 'day' },
      { refetchInterval: LOOK_MS, enabled: per !== undefined },
    ),
  );
  if (per === undefined)
    return <p className="text-sm text-ink-faint">The counter begins at nothing when the trigger is set.</p>;
  if (data === undefined) return <p className="text-sm text-ink-faint">Reading the counter…</p>;
  const firesNow = limit !== undefined && BigInt(data.value) >= BigInt(limit);
  return (
    <p className="text-sm text-ink-soft" aria-live="polite">
      It stands at{' '}
      <span className="font-medium text-ink tabular-nums">
        {textOf(showMetered(data.value, unitOf(meter)))}
      </span>{' '}
      since {showMoment(data.windowStart)}
      {firesNow ? <span className="text-wait"> and would fire at once.</span> : '.'}
    </p>
  );
}
