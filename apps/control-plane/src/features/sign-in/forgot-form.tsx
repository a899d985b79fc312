'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { forgot } from './forgot.ts';

const schema = z.object({ email: z.email().max(254) });

export interface ForgotFormProps {
  /** Mails lie in the outbox of this machine, and come to nobody. */
  readonly isOutboxOpen: boolean;
}

export function ForgotForm({ isOutboxOpen }: ForgotFormProps): ReactNode {
  const [state, setState] = useState<'asking' | 'pending' | 'sent' | 'away'>('asking');
  const ask = async (email: string) => {
    setState('pending');
    setState(
      await forgot(email).then(
        () => 'sent' as const,
        () => 'away' as const,
      ),
    );
  };
  const form = useForm({
    schema,
    read: (text) => ({ email: text('email') }),
    onValid: ({ email }) => void ask(email),
  });
  if (state === 'sent') {
    return (
      <Callout title="Look into your mail.">
        If somebody signed up with this address, a link is on its way. It works once, for 30 minutes.
        {isOutboxOpen ? (
          <>
            {' '}
            No mail leaves this machine: it lies in the{' '}
            <a href="/outbox" className="font-medium text-accent hover:underline">
              outbox
            </a>
            .
          </>
        ) : null}
      </Callout>
    );
  }
  return (
    <form {...form.props} className="grid gap-4">
      <Field
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        autoFocus
        error={form.errorOf('email')}
      />
      {state === 'away' ? (
        <Callout tone="fail" title="The platform does not answer. Try again in a moment." />
      ) : null}
      <Button variant="primary" size="large" type="submit" isPending={state === 'pending'}>
        Send a link
      </Button>
    </form>
  );
}
