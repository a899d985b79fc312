import { Badge, LiveDot } from '@patchbay/ui/badge';
import { BellRing, CircleCheck, CircleX, Gauge, Pause, Radio, Server, Unplug, Waypoints } from 'lucide-react';
import type { ReactNode } from 'react';
import { endLabel, hasFailed, modeLooks, type Session, wasLimited } from './session.ts';

const modeIcons = { pending: Unplug, p2p: Waypoints, relay: Radio, media: Server } as const;

export function ModeBadge({ mode }: { readonly mode: Session['mode'] }): ReactNode {
  const { label, tone } = modeLooks[mode];
  const Icon = modeIcons[mode];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {label}
    </Badge>
  );
}

export function SessionStateBadge({ session }: { readonly session: Session }): ReactNode {
  if (session.state === 'live') {
    return (
      <Badge tone="live" icon={<LiveDot />}>
        live
      </Badge>
    );
  }
  if (session.state === 'paused') {
    return (
      <Badge tone="wait" icon={<Pause aria-hidden />}>
        paused
      </Badge>
    );
  }
  if (session.state === 'ringing') {
    return (
      <Badge tone="wait" icon={<BellRing aria-hidden />}>
        ringing
      </Badge>
    );
  }
  if (hasFailed(session)) {
    return (
      <Badge tone="fail" icon={<CircleX aria-hidden />} title={session.endCode ?? ''}>
        {endLabel(session)}
      </Badge>
    );
  }
  const Icon = wasLimited(session) ? Gauge : CircleCheck;
  return (
    <Badge
      tone={wasLimited(session) ? 'wait' : 'neutral'}
      icon={<Icon aria-hidden />}
      title={session.endCode ?? ''}
    >
      {endLabel(session)}
    </Badge>
  );
}
