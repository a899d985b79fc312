'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import type { Transfer } from './endpoint.ts';

/** Endpoints that others offer to this account: it takes them or leaves them. */
export function IncomingOffers({ offers }: { readonly offers: readonly Transfer[] }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const mayDecide = useMay('endpointTransfers.update');
  const decide = useMutation(trpc.endpointTransfers.update.mutationOptions({ onError: useRefusalToast() }));
  if (offers.length === 0) return null;
  return (
    <section aria-label="Offered to this account" className="mb-6 grid gap-2">
      {offers.map(({ id, identifier, otherAccountId, note, expiresAt }) => {
        const answer = (state: 'accepted' | 'declined') =>
          decide.mutate({ accountId, transferId: id, state });
        return (
          <Callout key={id} title={`${identifier} is offered to this account`}>
            <p className="wrap-anywhere">
              {note === '' ? null : <>“{note}” </>}
              By the account <code className="text-sm">{otherAccountId}</code>
              {expiresAt === undefined ? null : <>, until {showMoment(expiresAt)}</>}.
            </p>
            {mayDecide ? (
              <span className="mt-2 flex gap-2">
                <Button size="small" onClick={() => answer('accepted')}>
                  Accept
                </Button>
                <Button size="small" variant="ghost" onClick={() => answer('declined')}>
                  Decline
                </Button>
              </span>
            ) : null}
          </Callout>
        );
      })}
    </section>
  );
}
