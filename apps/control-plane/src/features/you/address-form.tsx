'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { changeAddress } from './you.ts';

const schema = z.object({ email: z.email().max(254), password: z.string().min(1).max(200) });

const texts = {
  sent: 'A link is on its way to the new address. Until you follow it, the old one stays.',
  refused: 'This is not your password, or there were too many tries.',
  too_often: 'There were too many links within the hour. Try again later.',
  organisation: 'Your organisation signs you in with this address: it stays as it is.',
  away: 'The platform does not answer. Try again in a moment.',
} as const;

/** Another address, once it is proved. */
export function AddressForm(): ReactNode {
  const [isPending, setPending] = useState(false);
  const [outcome, setOutcome] = useState<keyof typeof texts>();
  const change = async (fields: z.output<typeof schema>) => {
    setPending(true);
    setOutcome(await changeAddress(fields).catch(() => 'away' as const));
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
        {outcome === undefined ? null : (
          <Callout tone={outcome === 'sent' ? 'info' : 'fail'} title={texts[outcome]} />
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
