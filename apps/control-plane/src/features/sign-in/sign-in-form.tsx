'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { CodeField } from './code-field.tsx';
import type { DemoAccount } from './env.ts';
import { useSignIn } from './use-sign-in.ts';

export interface SignInFormProps {
  readonly demo: DemoAccount | undefined;
  /** The one text for every refusal (C13). */
  readonly refusal: string;
}

const away = 'The platform does not answer. Try again in a moment.';

const schema = z.object({ email: z.email(), password: z.string().min(1), code: z.string().optional() });

export function SignInForm({ demo, refusal }: SignInFormProps): ReactNode {
  const signIn = useSignIn();
  const [isPending, setPending] = useState(false);
  const [failure, setFailure] = useState<'refused' | 'away'>();
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
        {failure === undefined ? null : <Callout tone="fail" title={failure === 'away' ? away : refusal} />}
        <Button variant="primary" size="large" type="submit" isPending={isPending}>
          Sign in
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
