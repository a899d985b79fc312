'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useSignIn } from './use-sign-in.ts';

const schema = tenancy.resources.enrolment.operations.signUp.request;
/** As the definition has it. */
export const passwordLengthMin = schema.shape.password.minLength ?? 0;
const fieldsByCode = { 'tenancy.email_taken': 'email' };

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
  const form = useForm({
    schema,
    read: (text) => ({
      email: text('email'),
      password: text('password'),
      name: text('name'),
      organisationName: text('organisationName'),
      ...(currency === undefined ? {} : { currency }),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    onValid: signUp.mutate,
    refusal: signUp.error,
    fieldsByCode,
  });
  return (
    <form {...form.props} className="grid gap-4">
      <Field label="Your name" name="name" autoComplete="name" autoFocus error={form.errorOf('name')} />
      <Field
        label="Organisation"
        name="organisationName"
        autoComplete="organization"
        error={form.errorOf('organisationName')}
      />
      <Field label="E-mail" name="email" type="email" autoComplete="username" error={form.errorOf('email')} />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        hint={`At least ${passwordLengthMin} characters.`}
        error={form.errorOf('password')}
      />
      {currency === undefined ? null : (
        <Labelled label="Currency" hint="Of this account and all below it. It cannot be changed later.">
          <Select
            label="Currency"
            value={currency}
            options={currencies.map((value) => ({ value, label: value }))}
            onChange={setCurrency}
          />
        </Labelled>
      )}
      {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
      <Button variant="primary" size="large" type="submit" isPending={signUp.isPending || signUp.isSuccess}>
        Sign up
      </Button>
    </form>
  );
}
