'use client';

import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { Dialog } from '@patchbay/ui/dialog';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { CableFacts } from './cable-facts.tsx';
import { targetWords } from './known-services.ts';

/** A cable that is not changed here: what it is, how it does, and where it is set. */
export function CableDialog({
  cable,
  setFor,
  onDone,
}: {
  readonly cable: PatchCable;
  readonly setFor: string;
  readonly onDone: () => void;
}): ReactNode {
  const accountId = useAccountId();
  const { flow, eventType, to, isInherited } = cable;
  return (
    <Dialog isOpen onOpenChange={onDone} title="Cable" description={whyFixed(cable)}>
      <div className="grid gap-4">
        <CableFacts cable={cable} />
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
          <dt className="text-ink-faint">Event</dt>
          <dd>
            <code>{eventType}</code>
          </dd>
          <dt className="text-ink-faint">To</dt>
          <dd className="wrap-anywhere">{targetWords(to)}</dd>
          <dt className="text-ink-faint">Set for</dt>
          <dd>{setFor}</dd>
        </dl>
        <p>
          <Link
            href={pagePath(accountId, isInherited ? 'patches' : placePath(flow))}
            className="underline underline-offset-2"
          >
            {isInherited ? 'Look at where it is set' : 'Change it where it is set'}
          </Link>
        </p>
      </div>
    </Dialog>
  );
}

function whyFixed({ isInherited, flow, via }: PatchCable): string {
  if (isInherited) return 'It is set above, and holds here as well. It is changed where it is set.';
  if (via === 'fallback') return 'It is asked when what it stands behind failed.';
  if (flow.service === undefined)
    return 'It is a webhook of the account, which is set with its other webhooks.';
  return 'It leads out of the platform, to an address that is signed for. It is set with the callbacks of its service.';
}

function placePath({ service, webhookId, applicationId, endpointId }: PatchCable['flow']): string {
  if (service === undefined) return `webhooks/${webhookId}`;
  if (endpointId !== undefined) return `endpoints/${endpointId}`;
  return applicationId === undefined ? `services/${service}` : `applications/${applicationId}`;
}
