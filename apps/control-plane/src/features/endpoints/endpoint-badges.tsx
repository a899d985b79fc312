import { Badge } from '@patchbay/ui/badge';
import type { Tone } from '@patchbay/ui/tone';
import { ArrowLeftRight, Check, CircleSlash, Clock, Hourglass, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { showDay } from '../../formats/time.ts';
import { type Endpoint, kinds, type Transfer } from './endpoint.ts';

/** An identifier with the sign of what it names. */
export function IdentifierText({
  endpoint,
}: {
  readonly endpoint: Pick<Endpoint, 'identifier' | 'namespace'>;
}): ReactNode {
  const { icon: Icon, one } = kinds[endpoint.namespace];
  return (
    <span className="inline-flex min-w-0 items-center gap-2">
      <Icon className="size-4 shrink-0 text-ink-faint" aria-label={one} />
      <span className="wrap-anywhere">{endpoint.identifier}</span>
    </span>
  );
}

export function EndpointState({
  endpoint: { restsUntil, proof },
  isOffered,
}: {
  readonly endpoint: Endpoint;
  readonly isOffered: boolean;
}): ReactNode {
  if (restsUntil !== undefined)
    return (
      <Badge tone="wait" icon={<Hourglass aria-hidden />}>
        rests until {showDay(restsUntil)}
      </Badge>
    );
  return isOffered ? (
    <Badge tone="info" icon={<ArrowLeftRight aria-hidden />}>
      on offer
    </Badge>
  ) : (
    <Badge tone="live" icon={<Check aria-hidden />}>
      {proof === 'unproved' ? 'held, not proved' : 'held'}
    </Badge>
  );
}

const states: Readonly<
  Record<Transfer['state'], { readonly tone: Tone; readonly icon: ReactNode; readonly text?: string }>
> = {
  offered: { tone: 'wait', icon: <Clock aria-hidden />, text: 'open' },
  accepted: { tone: 'live', icon: <Check aria-hidden /> },
  moved: { tone: 'live', icon: <Check aria-hidden />, text: 'moved' },
  declined: { tone: 'fail', icon: <X aria-hidden /> },
  withdrawn: { tone: 'neutral', icon: <CircleSlash aria-hidden /> },
  expired: { tone: 'neutral', icon: <CircleSlash aria-hidden /> },
};

export function TransferState({ state }: { readonly state: Transfer['state'] }): ReactNode {
  const { tone, icon, text = state } = states[state];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
