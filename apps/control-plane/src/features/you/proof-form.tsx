'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { startAuthentication } from '@simplewebauthn/browser';
import { KeyRound } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTRPCClient } from '../../trpc/client.ts';
import { problemOf } from '../problem/problem.ts';
import { CodeField } from '../sign-in/code-field.tsx';
import { refusalText } from './refusal-text.ts';

/** Asks whoever is signed in to show once more that it is they, before anything is added that signs them in. */
export function ProofForm({ hasPasskey }: { readonly hasPasskey: boolean }): ReactNode {
  const router = useRouter();
  const client = useTRPCClient();
  const [isPending, setPending] = useState(false);
  const [isCodeAsked, setCodeAsked] = useState(false);
  const [problem, setProblem] = useState<string>();
  const run = async (prove: () => Promise<unknown>) => {
    setPending(true);
    setProblem(undefined);
    try {
      await prove();
      router.refresh();
    } catch (error) {
      if (problemOf(error).code === 'sign-in.code_needed') setCodeAsked(true);
      else setProblem(refusalText(error));
    }
    setPending(false);
  };
  const byPasskey = async () => {
    const optionsJSON = await client.ownProofs.challenge.mutate({});
    const response = await startAuthentication({ optionsJSON }).catch(() => undefined);
    if (response === undefined) return setProblem('The browser gave no passkey for this site.');
    await client.ownProofs.byPasskey.mutate({ response });
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const password = String(fields.get('password') ?? '');
    const code = isCodeAsked ? { code: String(fields.get('code') ?? '') } : {};
    void run(() => client.ownProofs.byPassword.mutate({ password, ...code }));
  };
  return (
    <section aria-labelledby="proof" className="grid gap-3">
      <h2 id="proof" className="font-semibold">
        Show that it is you
      </h2>
      <p className="text-ink-soft">
        You signed in a while ago. For ten minutes after this you can add a passkey or an authenticator, and
        set another password.
      </p>
      <form onSubmit={submit} className="grid gap-3">
        <Field label="Your password" name="password" type="password" autoComplete="current-password" />
        {isCodeAsked ? <CodeField /> : null}
        {problem === undefined ? null : <Callout tone="fail" title={problem} />}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" isPending={isPending}>
            Go on
          </Button>
          {hasPasskey ? (
            <Button disabled={isPending} onClick={() => void run(byPasskey)}>
              <KeyRound aria-hidden />
              Use a passkey
            </Button>
          ) : null}
        </div>
      </form>
    </section>
  );
}
