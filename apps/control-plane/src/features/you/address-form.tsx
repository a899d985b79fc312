'use client';

import { signIn } from '@patchbay/domain/sign-in/definition';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { type ReactNode, useState } from 'react';
import type { z } from 'zod';
import { useTRPCClient } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { refusalText } from './refusal-text.ts';

const schema = signIn.resources.ownProfile.operations.changeEmail.request;

/** Another address, once it is proved. */
export function AddressForm(): ReactNode {
  const client = useTRPCClient();
  const [isPending, setPending] = useState(false);
  const [outcome, setOutcome] = useState<'sent' | { readonly problem: string }>();
  const change = async (fields: z.output<typeof schema>) => {
    setPending(true);
    setOutcome(
      await client.ownProfile.changeEmail.mutate(fields).then(
        () => 'sent' as const,
        (error: unknown) => ({ problem: refusalText(error) }),
      ),
    );
    setPending(false);
  };
  const form = useForm({
    schema,
    read: (text) => ({ email: text('email'), password: text('password') }),
    onValid: (fields) => void change(fields),
  });
  return (
    <section aria-labelledby="address">
      <h2 id="address" className="font-semibold">
        Another address
      </h2>
      <form {...form.props} className="mt-2 grid gap-3">
        <Field
          label="New e-mail"
          name="email"
          type="email"
          autoComplete="email"
          error={form.errorOf('email')}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          error={form.errorOf('password')}
        />
        {outcome === undefined ? null : outcome === 'sent' ? (
          <Callout
            tone="info"
            title="A link is on its way to the new address. Until you follow it, the old one stays."
          />
        ) : (
          <Callout tone="fail" title={outcome.problem} />
        )}
        <div>
          <Button type="submit" isPending={isPending}>
            Send a link
          </Button>
        </div>
      </form>
    </section>
  );
}
