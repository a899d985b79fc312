'use client';

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { EffectiveLevels } from '../policy/effective-levels.tsx';
import { useAccountId } from '../shell/account.ts';
import type { Application } from './application-form.tsx';

/** What a trigger or overdue money holds the application to, if anything: its policy says the rest (TRG-2). */
export function HeldHere({ application }: { readonly application: Application }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { id: applicationId, name } = application;
  const policy = useQuery(trpc.policy.get.queryOptions({ accountId, applicationId }));
  const held = (policy.data?.effective ?? []).filter(({ wanted }) =>
    wanted.some(({ origin }) => origin.isHeld === true),
  );
  if (held.length === 0) return null;
  return (
    <section aria-labelledby="held">
      <h2 id="held" className="mb-1 font-semibold">
        What it is held to
      </h2>
      <EffectiveLevels effective={held} names={new Map([[applicationId, name]])} />
    </section>
  );
}
