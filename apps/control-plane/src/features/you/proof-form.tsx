'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { startAuthentication } from '@simplewebauthn/browser';
import { KeyRound } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useState } from 'react';
import { CodeField } from '../sign-in/code-field.tsx';
import { challengePasskey } from '../sign-in/passkey-challenge.ts';
import { proveByPasskey, proveByPassword } from './you.ts';

type Outcome = Awaited<ReturnType<typeof proveByPassword>> | 'cancelled' | 'away';

const texts: Readonly<Record<Exclude<Outcome, 'proved' | 'second_factor'>, string>> = {
  refused: 'This is not right, or there were too many tries: wait 15 minutes.',
  organisation: 'Your organisation signs you in: sign out, and in again.',
  cancelled: 'The browser gave no passkey for this site.',
  away: 'The platform does not answer. Try again in a moment.',
};

/** Asks whoever is signed in to show once more that it is they, before anything is added that signs them in. */
export function ProofForm({ hasPasskey }: { readonly hasPasskey: boolean }): ReactNode {
  const router = useRouter();
  const [isPending, setPending] = useState(false);
  const [isCodeAsked, setCodeAsked] = useState(false);
  const [problem, setProblem] = useState<keyof typeof texts>();
  const run = async (prove: () => Promise<Outcome>) => {
    setPending(true);
    setProblem(undefined);
    const outcome = await prove().catch(() => 'away' as const);
    setPending(false);
    if (outcome === 'proved') router.refresh();
    else if (outcome === 'second_factor') setCodeAsked(true);
    else setProblem(outcome);
  };
  const byPasskey = async (): Promise<Outcome> => {
    const optionsJSON = await challengePasskey();
    if (optionsJSON === undefined) return 'refused';
    const response = await startAuthentication({ optionsJSON }).catch(() => undefined);
    return response === undefined ? 'cancelled' : await proveByPasskey(response);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const password = String(fields.get('password') ?? '');
    const code = isCodeAsked ? { code: String(fields.get('code') ?? '') } : {};
    void run(() => proveByPassword({ password, ...code }));
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
        {problem === undefined ? null : <Callout tone="fail" title={texts[problem]} />}
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
