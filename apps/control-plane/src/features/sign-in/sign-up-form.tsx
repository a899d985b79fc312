'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useSignIn } from './use-sign-in.ts';

/** As the definition has it. */
export const passwordLengthMin =
  tenancy.resources.enrolment.operations.signUp.request.shape.password.minLength ?? 0;

export function SignUpForm(): ReactNode {
  const trpc = useTRPC();
  const signIn = useSignIn();
  const offer = useQuery(trpc.enrolment.offer.queryOptions({}));
  const currencies = offer.data?.currencies ?? [];
  const [chosen, setCurrency] = useState<string>();
  const currency = chosen ?? currencies[0];
  const signUp = useMutation(
    trpc.enrolment.signUp.mutationOptions({
      onSuccess: async (_, { email, password }) => {
        await signIn(email, password);
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '');
    signUp.mutate({
      email: text('email'),
      password: text('password'),
      name: text('name'),
      organisationName: text('organisation'),
      ...(currency === undefined ? {} : { currency }),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field label="Your name" name="name" autoComplete="name" required maxLength={100} autoFocus />
      <Field label="Organisation" name="organisation" autoComplete="organization" required maxLength={100} />
      <Field label="E-mail" name="email" type="email" autoComplete="username" required maxLength={254} />
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
      {currency === undefined ? null : (
        <div className="grid gap-1">
          <span className="font-medium">Currency</span>
          <Select
            label="Currency"
            value={currency}
            options={currencies.map((value) => ({ value, label: value }))}
            onChange={setCurrency}
          />
          <p className="text-sm text-ink-faint">
            Of this account and all below it. It cannot be changed later.
          </p>
        </div>
      )}
      {signUp.error === null ? null : <ProblemNote error={signUp.error} />}
      <Button variant="primary" size="large" type="submit" isPending={signUp.isPending || signUp.isSuccess}>
        Sign up
      </Button>
    </form>
  );
}
