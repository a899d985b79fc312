'use client';

import { signIn } from '@patchbay/domain/sign-in/definition';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import type { z } from 'zod';
import { useTRPCClient } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { passwordLengthMin } from '../sign-in/sign-up-form.tsx';
import { isStale, refusalText } from './refusal-text.ts';

const schema = signIn.resources.ownPassword.operations.change.request;

/** Another password, for whoever has just shown that it is they. */
export function PasswordForm(): ReactNode {
  const router = useRouter();
  const [isPending, setPending] = useState(false);
  const client = useTRPCClient();
  const [outcome, setOutcome] = useState<'changed' | { readonly problem: string }>();
  const change = async (fields: z.output<typeof schema>) => {
    setPending(true);
    try {
      await client.ownPassword.change.mutate(fields);
      setOutcome('changed');
      router.refresh();
    } catch (error) {
      setOutcome({ problem: refusalText(error) });
      if (isStale(error)) router.refresh();
    }
    setPending(false);
  };
  const form = useForm({
    schema,
    read: (text) => ({ password: text('password') }),
    onValid: (fields) => void change(fields),
  });
  return (
    <section aria-labelledby="password">
      <h2 id="password" className="font-semibold">
        Another password
      </h2>
      <form {...form.props} className="mt-2 grid gap-3">
        <Field
          label="New password"
          name="password"
          type="password"
          autoComplete="new-password"
          hint={`At least ${passwordLengthMin} characters. Your other sessions end.`}
          error={form.errorOf('password')}
        />
        {outcome === undefined ? null : outcome === 'changed' ? (
          <Callout tone="info" title="The password is changed. Every other session of yours has ended." />
        ) : (
          <Callout tone="fail" title={outcome.problem} />
        )}
        <div>
          <Button type="submit" isPending={isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </section>
  );
}
