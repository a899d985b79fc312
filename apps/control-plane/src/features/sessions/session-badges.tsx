import { Badge, LiveDot } from '@patchbay/ui/badge';
import { BellRing, CircleCheck, CircleX, Radio, Unplug, Waypoints } from 'lucide-react';
import type { ReactNode } from 'react';
import { hasFailed, modeLooks, type Session } from './session.ts';

const modeIcons = { pending: Unplug, p2p: Waypoints, relay: Radio, media: Radio } as const;

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
  if (session.state === 'ringing') {
    return (
      <Badge tone="wait" icon={<BellRing aria-hidden />}>
        ringing
      </Badge>
    );
  }
  return hasFailed(session) ? (
    <Badge tone="fail" icon={<CircleX aria-hidden />}>
      {session.endCode}
    </Badge>
  ) : (
    <Badge icon={<CircleCheck aria-hidden />}>{session.endCode ?? 'ended'}</Badge>
  );
}
