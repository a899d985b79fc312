'use client';

import { Button } from '@patchbay/ui/button';
import { useToast } from '@patchbay/ui/toast';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showAgo } from '../../formats/time.ts';
import { useTRPCClient } from '../../trpc/client.ts';

export interface SignInRow {
  readonly id: string;
  readonly device: string;
  readonly address: string | undefined;
  readonly lastSeenAt: string;
  /** The session of the browser that looks. */
  readonly isThis: boolean;
}

/** Where somebody is signed in, and the end of it. */
export function SignInList({ signIns }: { readonly signIns: readonly SignInRow[] }): ReactNode {
  const router = useRouter();
  const client = useTRPCClient();
  const toast = useToast();
  const [pending, setPending] = useState<string>();
  const run = async (name: string, work: () => Promise<unknown>) => {
    setPending(name);
    await work().catch(() => toast({ tone: 'fail', title: 'The platform does not answer. Try again.' }));
    setPending(undefined);
    router.refresh();
  };
  return (
    <section aria-labelledby="signed-in">
      <h2 id="signed-in" className="font-semibold">
        Signed in
      </h2>
      <ul className="mt-2 grid">
        {signIns.map(({ id, device, address, lastSeenAt, isThis }) => (
          <li key={id} className="flex items-center justify-between gap-3 border-t py-2">
            <div className="min-w-0">
              <div className="font-medium">{device}</div>
              <div className="text-sm text-ink-soft">
                {address ?? 'no address'} ·{' '}
                {isThis ? 'this browser' : <span suppressHydrationWarning>{showAgo(lastSeenAt)}</span>}
              </div>
            </div>
            {isThis ? null : (
              <Button
                size="small"
                isPending={pending === id}
                onClick={() => void run(id, () => client.ownSignIns.end.mutate({ signInId: id }))}
              >
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Button
        className="mt-2"
        isPending={pending === 'all'}
        onClick={() => void run('all', () => client.ownSignIns.endAll.mutate({ scope: 'everywhere' }))}
      >
        Sign out everywhere
      </Button>
    </section>
  );
}
