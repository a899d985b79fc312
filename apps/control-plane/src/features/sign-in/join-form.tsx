'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type FormEvent, type ReactNode, useState } from 'react';
import { CodeField } from './code-field.tsx';
import { join } from './join.ts';
import { useSignIn } from './use-sign-in.ts';

export interface JoinFormProps {
  readonly token: string;
  readonly email: string;
  readonly accountName: string;
  /** Whether the person whom the invitation names is signed in already. */
  readonly isSignedIn: boolean;
  /** The one text for every refusal (C13). */
  readonly refusal: string;
}

const GONE = 'This invitation was taken already, was withdrawn, or is too old. Ask for a new one.';

const BY_ORGANISATION =
  'Your organisation signs you in by its own provider: do so below, and follow this link again.';

/** Takes an invitation with the password that one has: a link alone never opens an account that exists (ACC-3). */
export function JoinForm({ token, email, accountName, isSignedIn, refusal }: JoinFormProps): ReactNode {
  const router = useRouter();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [isCodeAsked, setCodeAsked] = useState(false);
  const take = async (): Promise<string> => {
    const accountId = await join(token);
    return accountId === undefined ? '/' : `/accounts/${accountId}`;
  };
  const signIn = useSignIn(take);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const password = String(data.get('password') ?? '');
    const code = isCodeAsked ? String(data.get('code') ?? '') : undefined;
    setPending(true);
    setProblem(undefined);
    if (isSignedIn) {
      const address = await take().catch(() => '/');
      if (address !== '/') return router.push(address);
    } else {
      const outcome = await signIn(email, password, code).catch(() => 'refused' as const);
      if (outcome === 'in') return;
      if (outcome === 'second_factor') {
        setPending(false);
        return setCodeAsked(true);
      }
      if (outcome === 'organisation') {
        setPending(false);
        return setProblem(BY_ORGANISATION);
      }
    }
    setPending(false);
    setProblem(isSignedIn ? GONE : refusal);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-4">
      <Field label="E-mail" value={email} autoComplete="username" readOnly />
      {isSignedIn ? null : (
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          autoFocus
        />
      )}
      {isCodeAsked ? <CodeField /> : null}
      {problem === undefined ? null : <Callout tone="fail" title={problem} />}
      <Button variant="primary" size="large" type="submit" isPending={isPending}>
        {isSignedIn ? `Join ${accountName}` : `Sign in and join ${accountName}`}
      </Button>
      {isSignedIn ? null : (
        <p className="text-ink-soft">
          No password here?{' '}
          <Link href="/sign-in/organisation" className="font-medium text-accent hover:underline">
            Sign in with your organisation
          </Link>
          , and follow this link again.
        </p>
      )}
    </form>
  );
}
