import { eventOfHandler, type PlatformEvent } from '@patchbay/domain/hooks/platform-event';
import type { tenancyEvents } from '@patchbay/domain/tenancy/told-events';
import type { z } from 'zod';

type MemberEvent = 'joined' | 'removed' | 'role-changed';
type Told<Event extends MemberEvent> = z.output<(typeof tenancyEvents)[`member.${Event}`]>;

/** That somebody's role changed where no handler changes it: by a link, or by the provider of the organisation (PRD-3). */
export const memberEvent = <Event extends MemberEvent>(
  event: Event,
  { accountId, ...data }: Told<Event> & { readonly accountId: string },
): PlatformEvent => eventOfHandler({ accountId, type: `tenancy.member.${event}`, data, atMs: Date.now() });
