'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { leaveView } from './change-view.ts';

/** On the way in: a view ended by itself, and one's own session may still hold. */
export function ViewEnded(): ReactNode {
  const router = useRouter();
  const [isOver, setOver] = useState(false);
  const goBack = async () => {
    if (await leaveView()) router.push('/');
    else setOver(true);
  };
  return (
    <Callout
      tone="wait"
      title="The view has ended."
      action={isOver ? undefined : <Button onClick={() => void goBack()}>Go on as yourself</Button>}
    >
      {isOver
        ? 'Your own session has ended as well: sign in again.'
        : 'You looked at an account below yours.'}
    </Callout>
  );
}
