'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { Eye } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';
import { enterView } from './change-view.ts';

const schema = tenancy.resources.views.operations.start.request;
const lengths = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: '30 minutes' },
  { value: '60', label: 'an hour' },
] as const;

interface Viewed {
  readonly id: string;
  readonly name: string;
}

/** The way to see what an account below sees. Who may not, and who looks already, is shown no button. */
export function StartView({ account }: { readonly account: Viewed }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const mayView = useMay('views.start');
  if (!mayView) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)} className="max-w-full justify-self-start">
        <Eye aria-hidden />
        <span className="truncate">See it as {account.name} does…</span>
      </Button>
      {isOpen ? <StartWindow account={account} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function StartWindow({
  account,
  onClose,
}: {
  readonly account: Viewed;
  readonly onClose: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const [minutes, setMinutes] = useState<(typeof lengths)[number]['value']>('30');
  const start = useMutation(
    trpc.views.start.mutationOptions({
      onSuccess: async ({ id, accountId }) => {
        if (await enterView(id)) window.location.assign(pagePath(accountId));
      },
    }),
  );
  const form = useForm({
    schema,
    read: (text) => ({ reason: text('reason'), minutes: Number(minutes) }),
    onValid: (fields) => start.mutate({ accountId: account.id, ...fields }),
    refusal: start.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={`See the dashboard as ${account.name} does`}
      description="You see what they see, and can change nothing. They are told that you looked, and why; so is your own log."
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Why"
          name="reason"
          autoFocus
          autoComplete="off"
          placeholder="Ticket 4711: a call that did not connect"
          error={form.errorOf('reason')}
        />
        <Labelled label="For">
          <Select label="For" value={minutes} options={lengths} onChange={setMinutes} />
        </Labelled>
        <FormEnd refusal={form.refusal} verb="Look" isPending={start.isPending} onLeave={onClose} />
      </form>
    </Dialog>
  );
}
