'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useToast } from '@patchbay/ui/toast';
import { type ReactNode, useState } from 'react';
import { sendVerification } from '../sign-in/verification.ts';
import { useMe } from './account.ts';
import { useEndpoints } from './endpoints.tsx';

/** Says why somebody new changes nothing yet, and what to do about it (PRD-3). */
export function UnverifiedNote(): ReactNode {
  const { data: me } = useMe();
  const { isProofAsked } = useEndpoints();
  const toast = useToast();
  const [isPending, setPending] = useState(false);
  if (isProofAsked !== true || me?.isEmailVerified !== false) return null;
  const send = async () => {
    setPending(true);
    const isSent = await sendVerification().catch(() => false);
    setPending(false);
    toast(
      isSent
        ? { tone: 'live', title: `A link is on its way to ${me.email}.` }
        : { tone: 'fail', title: 'No link was sent. Try again in an hour.' },
    );
  };
  return (
    <div className="mb-5">
      <Callout title="Confirm your address, to change anything here.">
        <p>A link was sent to {me.email}. Until you follow it you may look at everything.</p>
        <Button size="small" className="mt-2" isPending={isPending} onClick={() => void send()}>
          Send it again
        </Button>
      </Callout>
    </div>
  );
}
