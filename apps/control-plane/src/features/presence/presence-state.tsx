import { Badge, LiveDot } from '@patchbay/ui/badge';
import type { Tone } from '@patchbay/ui/tone';
import type { ReactNode } from 'react';
import type { Outputs } from '../../trpc/client.ts';

export type Presence = Outputs['presence']['list']['items'][number];

export const stateWords: Readonly<Record<Presence['state'], string>> = {
  available: 'available',
  away: 'away',
  busy: 'busy',
  dnd: 'do not disturb',
  offline: 'offline',
};
const tones: Readonly<Record<Presence['state'], Tone>> = {
  available: 'live',
  away: 'wait',
  busy: 'fail',
  dnd: 'fail',
  offline: 'neutral',
};

/** How somebody is, as others of their account see it, and whether they talk. */
export function PresenceState({ presence: { state, isInCall } }: { readonly presence: Presence }): ReactNode {
  return (
    <span className="flex flex-wrap items-center gap-1">
      <Badge tone={tones[state]} icon={<LiveDot isLive={state === 'available'} />}>
        {stateWords[state]}
      </Badge>
      {isInCall ? <Badge tone="info">in a call</Badge> : null}
    </span>
  );
}
