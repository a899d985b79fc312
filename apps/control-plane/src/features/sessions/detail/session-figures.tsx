import { Skeleton } from '@patchbay/ui/skeleton';
import { Stat } from '@patchbay/ui/stat';
import type { ReactNode } from 'react';
import { showMoney } from '../../../formats/money.ts';
import { showBitRate, showBytes, showDuration } from '../../../formats/quantity.ts';
import { type LogEntry, lastedMs, type Session } from '../session.ts';
import { meanBitsPerSecond } from './timeline.ts';

export interface SessionFiguresProps {
  readonly session: Session;
  readonly nowMs: number;
  /** Undefined until it is there. */
  readonly log: readonly LogEntry[] | undefined;
  readonly cost: bigint | undefined;
  readonly currency: string;
}

/** The counters of a session. They move by themselves while it runs. */
export function SessionFigures({ session, nowMs, log, cost, currency }: SessionFiguresProps): ReactNode {
  const { bitsPerSecond, relayBytes, relayMilliseconds, legs, state } = session;
  const rate = state === 'ended' ? meanBitsPerSecond(log ?? []) : bitsPerSecond;
  const present = legs.filter((leg) => leg.state === 'joined').length;
  return (
    <section
      aria-label="Counters"
      className="grid grid-cols-2 gap-x-8 gap-y-4 border-y py-3 sm:grid-cols-3 lg:grid-cols-5"
    >
      <Stat label="Duration" value={showDuration(lastedMs(session, nowMs))} />
      <Stat label="Participants" value={state === 'ended' ? legs.length : `${present} of ${legs.length}`} />
      <Stat
        label={state === 'ended' ? 'Bit rate, mean' : 'Bit rate'}
        {...(rate === undefined ? { value: '–' } : showBitRate(rate))}
        note={rate === undefined ? 'nothing was reported' : 'both ways'}
      />
      <Stat label="Relayed" {...showBytes(relayBytes)} note={`${showDuration(relayMilliseconds)} of relay`} />
      {cost === undefined ? (
        <Skeleton className="h-10 w-28" />
      ) : (
        <Stat label="Cost" value={showMoney(cost, currency)} unit={currency} tone="money" />
      )}
    </section>
  );
}
