import { Badge } from '@patchbay/ui/badge';
import { CircleCheck, CirclePause, CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AccountRow } from './account-tree.ts';

const looks = {
  active: { tone: 'live', icon: CircleCheck },
  suspended: { tone: 'wait', icon: CirclePause },
  closed: { tone: 'neutral', icon: CircleX },
} as const;

/** What holds for an account, with every level above it taken into account. */
export function AccountStateBadge({ account }: { readonly account: AccountRow }): ReactNode {
  const { tone, icon: Icon } = looks[account.effectiveState];
  const isFromAbove = account.effectiveState !== account.state;
  return (
    <Badge
      tone={tone}
      icon={<Icon aria-hidden />}
      {...(isFromAbove ? { title: 'Set at an account above it' } : {})}
    >
      {account.effectiveState}
      {isFromAbove ? ' above' : ''}
    </Badge>
  );
}
