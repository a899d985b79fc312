import { Badge } from '@patchbay/ui/badge';
import { Ban, CircleCheck, CircleX, Clock, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Delivery } from './delivery.ts';
import type { Webhook } from './webhook.ts';

/** Whether events go there, and whether they are taken. */
export function WebhookState({
  webhook: { state, health, disabledReason },
}: {
  readonly webhook: Webhook;
}): ReactNode {
  if (state === 'disabled') {
    return (
      <Badge tone={disabledReason === undefined ? 'neutral' : 'fail'} icon={<Ban aria-hidden />}>
        {disabledReason === undefined ? 'disabled' : `disabled: ${disabledReason}`}
      </Badge>
    );
  }
  return health === 'failing' || health === 'fallback' ? (
    <Badge tone="wait" icon={<TriangleAlert aria-hidden />}>
      {health === 'failing' ? 'failing' : 'fallback answers'}
    </Badge>
  ) : (
    <Badge tone="live" icon={<CircleCheck aria-hidden />}>
      active
    </Badge>
  );
}

export function DeliveryBadge({
  delivery: { state, error },
}: {
  readonly delivery: Pick<Delivery, 'state' | 'error'>;
}): ReactNode {
  if (state === 'delivered') {
    return (
      <Badge tone="live" icon={<CircleCheck aria-hidden />}>
        delivered
      </Badge>
    );
  }
  if (state === 'cancelled') return <Badge icon={<Ban aria-hidden />}>cancelled</Badge>;
  return state === 'failed' ? (
    <Badge tone="fail" icon={<CircleX aria-hidden />}>
      given up
    </Badge>
  ) : (
    <Badge tone={error === undefined ? 'neutral' : 'wait'} icon={<Clock aria-hidden />}>
      {error === undefined ? 'waiting' : 'to be repeated'}
    </Badge>
  );
}
