'use client';

import { Badge } from '@patchbay/ui/badge';
import { Activity, CircleCheck, CirclePause } from 'lucide-react';
import type { ReactNode } from 'react';
import { useAccount } from '../shell/account.ts';
import type { MeterUse } from './use-service-use.ts';

/** Whether a service serves the account, and whether it did so this month. */
export function ServiceState({ uses }: { readonly uses: readonly MeterUse[] | undefined }): ReactNode {
  const { data: account } = useAccount();
  if (account === undefined || uses === undefined) return null;
  if (account.effectiveState !== 'active') {
    return (
      <Badge
        tone="wait"
        icon={<CirclePause aria-hidden />}
        title="It serves nobody while the account is stopped"
      >
        {account.effectiveState}
      </Badge>
    );
  }
  return uses.some(({ quantity }) => quantity > 0n) ? (
    <Badge tone="live" icon={<Activity aria-hidden />} title="Something was metered this month">
      in use
    </Badge>
  ) : (
    <Badge icon={<CircleCheck aria-hidden />} title="On, and not used this month">
      ready
    </Badge>
  );
}
