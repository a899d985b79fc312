'use client';

import { access as accessDomain, declaredUses } from '@patchbay/domain/access/definition';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import { type ServiceAccess, saidBy } from './use-service-access.ts';

export interface EnableServiceProps {
  readonly access: ServiceAccess;
  /** The account above in whose name it is turned on; absent: the highest that the reader may speak for. */
  readonly from: string | undefined;
  readonly title: string;
  readonly verb: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

const schema = accessDomain.resources.services.operations.enable.request;
type Use = (typeof declaredUses)[number];

const labels: Readonly<Record<Use, string>> = {
  audio: 'Audio',
  video: 'Video',
  screen: 'Screen sharing',
  data: 'Data',
  recording: 'Recording',
  transcription: 'Transcription',
  broadcast: 'Broadcast',
  telephony: 'Telephony',
  other: 'Something else',
};

/** Asks what a service will be used for, and how much: whoever plans capacity reads it (ACC-10). */
export function EnableService(props: EnableServiceProps): ReactNode {
  const { title, verb, isOpen, onOpenChange } = props;
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title={`${verb}: ${title}`}
      description="It is on for this account and all below it. What you say here helps to keep enough capacity ready; a guess is fine, and you can change it."
    >
      <EnableForm {...props} />
    </Dialog>
  );
}

function EnableForm({ access, from, verb, onOpenChange }: EnableServiceProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { service } = access;
  const own = saidBy(access, { accountId, from }) ?? access.own;
  const [uses, setUses] = useState<readonly Use[]>(own?.uses ?? []);
  const enable = useMutation(trpc.services.enable.mutationOptions({ onSuccess: () => onOpenChange(false) }));
  const form = useForm({
    schema,
    read: (text) => ({
      service,
      uses,
      sessionsPerDay: numberOf(text('sessionsPerDay')),
      minutesPerSession: numberOf(text('minutesPerSession')),
    }),
    onValid: (fields) => enable.mutate({ accountId, ...(from === undefined ? {} : { from }), ...fields }),
    refusal: enable.error,
  });
  const toggle = (use: Use) => {
    setUses(uses.includes(use) ? uses.filter((one) => one !== use) : [...uses, use]);
    form.forget('uses');
  };
  const usesError = form.errorOf('uses');
  return (
    <form {...form.props} className="grid gap-4">
      <fieldset aria-invalid={usesError !== undefined}>
        <legend className="mb-1 font-medium">What will it be used for?</legend>
        <div className="grid grid-cols-2 gap-x-4 sm:grid-cols-3">
          {declaredUses.map((use) => (
            <label key={use} className="flex h-8 items-center gap-2">
              <input
                type="checkbox"
                className="accent-(--accent)"
                checked={uses.includes(use)}
                onChange={() => toggle(use)}
              />
              {labels[use]}
            </label>
          ))}
        </div>
        {usesError === undefined ? null : <p className="text-sm text-fail">Choose at least one.</p>}
      </fieldset>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Sessions a day"
          name="sessionsPerDay"
          inputMode="numeric"
          defaultValue={own?.sessionsPerDay}
          error={form.errorOf('sessionsPerDay')}
        />
        <Field
          label="Minutes a session"
          name="minutesPerSession"
          inputMode="numeric"
          hint="On average."
          defaultValue={own?.minutesPerSession}
          error={form.errorOf('minutesPerSession')}
        />
      </div>
      <FormEnd
        refusal={form.refusal}
        verb={verb === 'Enable' || verb === 'Enable again' ? verb : 'Save'}
        isPending={enable.isPending}
        onLeave={() => onOpenChange(false)}
      />
    </form>
  );
}

/** An empty field is no number, and not 0. */
const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
