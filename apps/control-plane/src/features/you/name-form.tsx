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
import { refusalText } from './refusal-text.ts';

const schema = signIn.resources.ownProfile.operations.update.request;

/** What others of a team read in lists and logs. */
export function NameForm({ name }: { readonly name: string }): ReactNode {
  const router = useRouter();
  const client = useTRPCClient();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const change = async (fields: z.output<typeof schema>) => {
    setPending(true);
    setProblem(undefined);
    await client.ownProfile.update.mutate(fields).then(
      () => router.refresh(),
      (error: unknown) => setProblem(refusalText(error)),
    );
    setPending(false);
  };
  const form = useForm({
    schema,
    read: (text) => ({ name: text('name') }),
    onValid: (fields) => void change(fields),
  });
  return (
    <section aria-labelledby="name">
      <h2 id="name" className="font-semibold">
        Another name
      </h2>
      <form {...form.props} className="mt-2 grid gap-3">
        <Field
          label="Your name"
          name="name"
          autoComplete="name"
          defaultValue={name}
          error={form.errorOf('name')}
        />
        {problem === undefined ? null : <Callout tone="fail" title={problem} />}
        <div>
          <Button type="submit" isPending={isPending}>
            Change the name
          </Button>
        </div>
      </form>
    </section>
  );
}
