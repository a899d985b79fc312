'use client';

import { Badge } from '@patchbay/ui/badge';
import { Activity, CircleCheck, CircleOff, CirclePause } from 'lucide-react';
import type { ReactNode } from 'react';
import { useAccount } from '../shell/account.ts';
import { useServiceAccess } from './use-service-access.ts';
import type { MeterUse } from './use-service-use.ts';

/** Whether a service serves the account, and whether it did so this month. */
export function ServiceState({
  service,
  uses,
}: {
  /** Such as `signaling`. */
  readonly service: string;
  readonly uses: readonly MeterUse[] | undefined;
}): ReactNode {
  const { data: account } = useAccount();
  const { data: access } = useServiceAccess(service);
  if (account === undefined || uses === undefined || access === undefined) return null;
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
  if (!access.isOn) {
    return access.reason === 'disabled' ? (
      <Badge icon={<CircleOff aria-hidden />} title="It serves nobody until it is turned on">
        turned off
      </Badge>
    ) : (
      <Badge tone="wait" icon={<CircleOff aria-hidden />} title="It has to be enabled before it is used">
        not enabled
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
