'use client';

import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { Badge } from '@patchbay/ui/badge';
import type { Tone } from '@patchbay/ui/tone';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { type CableTone, Figures, toneOf, toneWords } from './cable-figures.tsx';

const badgeTones: Readonly<Record<CableTone, Tone>> = {
  fail: 'fail',
  wait: 'wait',
  flow: 'live',
  idle: 'neutral',
  off: 'neutral',
};

/** How a cable does, in a word. */
export function CableState({ cable }: { readonly cable: PatchCable }): ReactNode {
  const tone = toneOf(cable);
  return <Badge tone={badgeTones[tone]}>{toneWords[tone]}</Badge>;
}

/** What went its way, and where each delivery is looked at. */
export function CableFacts({ cable }: { readonly cable: PatchCable }): ReactNode {
  const accountId = useAccountId();
  const nowMs = useNow(60_000);
  const { flow, lastHour, lastDay } = cable;
  return (
    <div className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 border-y py-2">
      <span className="text-ink-faint">State</span>
      <span className="flex flex-wrap items-center gap-x-3">
        <CableState cable={cable} />
        <Link
          href={pagePath(accountId, `webhooks/${flow.webhookId}`)}
          className="underline underline-offset-2"
        >
          Each delivery
        </Link>
      </span>
      <span className="text-ink-faint">Last hour</span>
      <Figures figures={lastHour} />
      <span className="text-ink-faint">Last day</span>
      <Figures figures={lastDay} isBounded={flow.countedSince !== undefined} />
      {flow.countedSince === undefined ? null : (
        <p className="col-span-2 text-sm text-ink-faint">
          The newest are counted: since {showMoment(flow.countedSince, nowMs)}.
        </p>
      )}
    </div>
  );
}
