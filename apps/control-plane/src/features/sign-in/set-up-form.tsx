'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Field } from '@patchbay/ui/input';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { reset } from './reset.ts';
import { type SetUpOutcome, setUp } from './set-up.ts';
import { passwordLengthMin } from './sign-up-form.tsx';
import { useSignIn } from './use-sign-in.ts';

export interface SetUpFormProps {
  readonly token: string;
  /** Absent for the owner of a new installation, who gives one. */
  readonly email: string | undefined;
  /** What the link is for: to come in, or to set a password again that was lost. */
  readonly purpose?: 'set-up' | 'reset';
}

const { email, name, password } = tenancy.resources.enrolment.operations.signUp.request.shape;
const memberFields = z.object({ password, email: email.optional(), name: name.optional() });
const ownerFields = memberFields.required();

const texts: Readonly<Record<Exclude<SetUpOutcome['outcome'], 'done'> | 'away', string>> = {
  email_taken: `${tenancy.errors.email_taken.title} ${tenancy.errors.email_taken.remedy}`,
  used: 'This link was used already, or is too old. Ask for a new one.',
  invalid: 'One of the fields cannot be taken as it is.',
  away: 'The platform did not answer. The link still works: try again in a moment.',
};

export function SetUpForm({ token, email: knownEmail, purpose = 'set-up' }: SetUpFormProps): ReactNode {
  const router = useRouter();
  const signIn = useSignIn();
  const [isPending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<keyof typeof texts>();
  const submit = async (fields: z.output<typeof memberFields>) => {
    setPending(true);
    setRefusal(undefined);
    const answer = await (purpose === 'reset' ? reset : setUp)({ token, ...fields }).catch(
      () => ({ outcome: 'away' }) as const,
    );
    if (answer.outcome === 'done') {
      const outcome = await signIn(answer.email, fields.password);
      if (outcome !== 'in') router.push('/sign-in');
      return;
    }
    setPending(false);
    setRefusal(answer.outcome);
  };
  const form = useForm({
    schema: knownEmail === undefined ? ownerFields : memberFields,
    read: (text) => ({
      password: text('password'),
      ...(knownEmail === undefined ? { email: text('email'), name: text('name') } : {}),
    }),
    onValid: (fields) => void submit(fields),
  });
  return (
    <form {...form.props} className="grid gap-4">
      {knownEmail === undefined ? (
        <>
          <Field label="Your name" name="name" autoComplete="name" autoFocus error={form.errorOf('name')} />
          <Field
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            error={form.errorOf('email')}
          />
        </>
      ) : (
        <Field label="E-mail" value={knownEmail} autoComplete="username" readOnly />
      )}
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        autoFocus={knownEmail !== undefined}
        hint={`At least ${passwordLengthMin} characters.`}
        error={form.errorOf('password')}
      />
      {refusal === undefined ? null : <Callout tone="fail" title={texts[refusal]} />}
      <Button variant="primary" size="large" type="submit" isPending={isPending}>
        Set the password
      </Button>
    </form>
  );
}
