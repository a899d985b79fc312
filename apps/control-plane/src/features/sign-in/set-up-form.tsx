'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type SetUpOutcome, setUp } from './set-up.ts';
import { passwordLengthMin } from './sign-up-form.tsx';
import { useSignIn } from './use-sign-in.ts';

export interface SetUpFormProps {
  readonly token: string;
  /** Absent for the owner of a new installation, who gives one. */
  readonly email: string | undefined;
}

const texts: Readonly<Record<Exclude<SetUpOutcome['outcome'], 'done'>, string>> = {
  email_taken: `${tenancy.errors.email_taken.title} ${tenancy.errors.email_taken.remedy}`,
  used: 'This link was used already, or is too old. Ask for a new one.',
  invalid: 'One of the fields cannot be taken as it is.',
};

export function SetUpForm({ token, email }: SetUpFormProps): ReactNode {
  const signIn = useSignIn();
  const [isPending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<keyof typeof texts>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '');
    setPending(true);
    setRefusal(undefined);
    const asked = email === undefined ? { email: text('email'), name: text('name') } : {};
    const answer = await setUp({ token, password: text('password'), ...asked });
    if (answer.outcome === 'done') {
      await signIn(answer.email, text('password'));
      return;
    }
    setPending(false);
    setRefusal(answer.outcome);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-4">
      {email === undefined ? (
        <>
          <Field label="Your name" name="name" autoComplete="name" required maxLength={100} autoFocus />
          <Field label="E-mail" name="email" type="email" autoComplete="username" required maxLength={254} />
        </>
      ) : (
        <Field label="E-mail" value={email} autoComplete="username" readOnly />
      )}
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        required
        minLength={passwordLengthMin}
        maxLength={200}
        hint={`At least ${passwordLengthMin} characters.`}
      />
      {refusal === undefined ? null : <Callout tone="fail" title={texts[refusal]} />}
      <Button variant="primary" size="large" type="submit" isPending={isPending}>
        Set the password
      </Button>
    </form>
  );
}
