'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { passwordLengthMin } from '../sign-in/sign-up-form.tsx';
import { changePassword } from './you.ts';

const { password } = tenancy.resources.enrolment.operations.signUp.request.shape;
const schema = z.object({ password });

const texts = {
  changed: 'The password is changed. Every other session of yours has ended.',
  stale: 'Show once more that it is you: that was too long ago.',
  organisation: 'Your organisation signs you in: there is no password to change.',
  invalid: 'This cannot be a password.',
  away: 'The platform does not answer. Try again in a moment.',
} as const;

/** Another password, for whoever has just shown that it is they. */
export function PasswordForm(): ReactNode {
  const router = useRouter();
  const [isPending, setPending] = useState(false);
  const [outcome, setOutcome] = useState<keyof typeof texts>();
  const change = async (fields: z.output<typeof schema>) => {
    setPending(true);
    const answer = await changePassword(fields).catch(() => 'away' as const);
    setOutcome(answer);
    setPending(false);
    if (answer === 'stale' || answer === 'changed') router.refresh();
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
        {outcome === undefined ? null : (
          <Callout tone={outcome === 'changed' ? 'info' : 'fail'} title={texts[outcome]} />
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
