import { Badge } from '@patchbay/ui/badge';
import type { Tone } from '@patchbay/ui/tone';
import { Check, CheckCheck, Clock, Eye, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Outputs } from '../../trpc/client.ts';

export type Notice = Outputs['notification']['listNotices']['items'][number];
export type Way = Outputs['notification']['listWays']['items'][number];

const shown: Readonly<Record<Notice['state'], { readonly tone: Tone; readonly icon: ReactNode }>> = {
  waiting: { tone: 'wait', icon: <Clock aria-hidden /> },
  sent: { tone: 'info', icon: <Check aria-hidden /> },
  delivered: { tone: 'live', icon: <CheckCheck aria-hidden /> },
  read: { tone: 'live', icon: <Eye aria-hidden /> },
  failed: { tone: 'fail', icon: <X aria-hidden /> },
  expired: { tone: 'fail', icon: <Clock aria-hidden /> },
  cancelled: { tone: 'neutral', icon: <X aria-hidden /> },
};

/** How far a notice is. */
export function NoticeState({ state }: { readonly state: Notice['state'] }): ReactNode {
  const { tone, icon } = shown[state];
  return (
    <Badge tone={tone} icon={icon}>
      {state}
    </Badge>
  );
}

export const wayTitles: Readonly<Record<Notice['deliveries'][number]['way'], string>> = {
  websocket: 'WebSocket',
  'web-push': 'Web Push',
  fcm: 'Firebase',
  apns: 'Apple',
  sms: 'SMS',
  email: 'E-mail',
  webhook: 'Webhook',
};

const stateWords: Readonly<Record<Notice['deliveries'][number]['state'], string>> = {
  waiting: 'is tried again',
  accepted: 'taken',
  gone: 'gone',
  refused: 'refused',
  failed: 'given up',
};

/** What became of it at each place, in the order in which they were tried. */
export function Deliveries({ notice: { deliveries, state } }: { readonly notice: Notice }): ReactNode {
  if (deliveries.length === 0)
    return <span className="text-ink-faint">{state === 'waiting' ? '–' : 'no way led anywhere'}</span>;
  return (
    <ul>
      {deliveries.map(({ way, device, state: became, reason, attemptCount }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was tried stays in its order.
        <li key={index} className="wrap-anywhere">
          {wayTitles[way]}
          {device === undefined ? '' : ` (${device})`}:{' '}
          <span className="text-ink-soft">
            {stateWords[became]}
            {reason === undefined ? '' : `, ${reason}`}
            {attemptCount > 1 ? `, ${attemptCount} attempts` : ''}
          </span>
        </li>
      ))}
    </ul>
  );
}
