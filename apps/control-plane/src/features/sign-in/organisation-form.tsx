'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { organisationSignIn } from './organisation.ts';

const schema = z.object({ email: z.email().max(254) });

const texts = {
  none: 'No organisation signs people in with addresses at this domain. Use your password or a passkey.',
  too_many: 'There were too many tries. Wait a minute.',
  away: 'The platform does not answer. Try again in a moment.',
} as const;

/** Asks for an address, and goes on at the provider of its organisation. */
export function OrganisationForm({ problem }: { readonly problem: string | undefined }): ReactNode {
  const [isPending, setPending] = useState(false);
  const [failure, setFailure] = useState(problem);
  const go = async (email: string) => {
    setPending(true);
    setFailure(undefined);
    const path = await organisationSignIn(email).catch(() => 'away' as const);
    if (path.startsWith('/')) {
      window.location.assign(path);
      return;
    }
    setPending(false);
    setFailure(texts[path as keyof typeof texts]);
  };
  const form = useForm({
    schema,
    read: (text) => ({ email: text('email') }),
    onValid: ({ email }) => void go(email),
  });
  return (
    <form {...form.props} className="grid gap-4">
      {failure === undefined ? null : <Callout tone="fail" title={failure} />}
      <Field
        label="Your address at work"
        name="email"
        type="email"
        autoComplete="username"
        autoFocus
        error={form.errorOf('email')}
      />
      <Button variant="primary" size="large" type="submit" isPending={isPending}>
        Continue
      </Button>
    </form>
  );
}
