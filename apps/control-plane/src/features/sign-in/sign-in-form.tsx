'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { Building2, KeyRound } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { CodeField } from './code-field.tsx';
import type { DemoAccount } from './env.ts';
import { usePasskeySignIn, useSignIn } from './use-sign-in.ts';

export interface SignInFormProps {
  readonly demo: DemoAccount | undefined;
  readonly isPasskeyOffered: boolean;
  /** The one text for every refusal (C13). */
  readonly refusal: string;
}

const texts = {
  away: 'The platform does not answer. Try again in a moment.',
  passkey: 'This passkey is not known here, or there were too many tries.',
  cancelled: 'The browser gave no passkey for this site.',
  organisation: 'Your organisation signs you in by its own provider, and in no other way.',
} as const;

const schema = z.object({ email: z.email(), password: z.string().min(1), code: z.string().optional() });

export function SignInForm({ demo, isPasskeyOffered, refusal }: SignInFormProps): ReactNode {
  const signIn = useSignIn();
  const signInByPasskey = usePasskeySignIn();
  const router = useRouter();
  const [isPending, setPending] = useState(false);
  const [failure, setFailure] = useState<'refused' | keyof typeof texts>();
  const [isCodeAsked, setCodeAsked] = useState(false);
  const enter = async (email: string, password: string, code?: string) => {
    setPending(true);
    setFailure(undefined);
    const outcome = await signIn(email, password, code).catch(() => 'away' as const);
    if (outcome === 'in') return;
    setPending(false);
    if (outcome === 'second_factor') setCodeAsked(true);
    else setFailure(outcome);
  };
  const enterByPasskey = async () => {
    setPending(true);
    setFailure(undefined);
    const outcome = await signInByPasskey().catch(() => 'away' as const);
    if (outcome === 'in') return;
    setPending(false);
    setFailure(outcome === 'refused' ? 'passkey' : outcome);
  };
  const form = useForm({
    schema,
    read: (text) => ({
      email: text('email'),
      password: text('password'),
      ...(isCodeAsked ? { code: text('code') } : {}),
    }),
    onValid: ({ email, password, code }) => void enter(email, password, code),
  });
  return (
    <div className="grid gap-5">
      <form {...form.props} className="grid gap-4">
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          autoFocus
          error={form.errorOf('email')}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          error={form.errorOf('password')}
        />
        {isCodeAsked ? <CodeField /> : null}
        {failure === undefined ? null : (
          <Callout
            tone={failure === 'organisation' ? 'info' : 'fail'}
            title={failure === 'refused' ? refusal : texts[failure]}
          />
        )}
        <Button variant="primary" size="large" type="submit" isPending={isPending}>
          Sign in
        </Button>
        {isPasskeyOffered ? (
          <Button size="large" disabled={isPending} onClick={() => void enterByPasskey()}>
            <KeyRound aria-hidden />
            Use a passkey
          </Button>
        ) : null}
        <Button size="large" disabled={isPending} onClick={() => router.push('/sign-in/organisation')}>
          <Building2 aria-hidden />
          Continue with your organisation
        </Button>
      </form>
      {demo === undefined ? null : (
        <Callout title="This is a local start, with a demo account.">
          <code className="block text-sm break-all">{demo.email}</code>
          <code className="block text-sm break-all">{demo.password}</code>
          <Button
            size="small"
            className="mt-2"
            disabled={isPending}
            onClick={() => void enter(demo.email, demo.password)}
          >
            Use the demo account
          </Button>
        </Callout>
      )}
    </div>
  );
}
