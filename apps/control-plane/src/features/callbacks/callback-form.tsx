'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { WebhookSecret } from '../webhooks/webhook-secret.tsx';
import type { CallbackScope } from './callback-calls.ts';
import { useCallbacks } from './use-callbacks.ts';

const ofAddress = { field: 'url', isExplained: true } as const;
const fieldsByCode = {
  'callback.address_forbidden': ofAddress,
  'callback.service_refused': ofAddress,
  'callback.loop': ofAddress,
} as const;
const url = z.url({
  protocol: /^(https?|service)$/,
  message:
    'Write a whole address, as in https://example.com/hooks, or a service, as in service:notification?channel=calls.',
});

const heard: Readonly<Record<CallbackScope['kind'], string>> = {
  account: 'the events of this service in this account',
  application: 'the sessions of this application',
  instanceType: 'the sessions of this instance type',
  endpoint: 'what this endpoint has a part in',
};

/** Has a server told of an entity's events of one service, and shows the secret that signs them. */
export function CallbackForm({
  scope,
  of,
  onDone,
}: {
  readonly scope: CallbackScope;
  readonly of: readonly ServiceKey[];
  readonly onDone: () => void;
}): ReactNode {
  const { add, changeable } = useCallbacks(scope, of);
  const [service, setService] = useState(changeable[0]);
  const serviceOptions = changeable.map((value) => ({ value, label: services[value].title }));
  const known = service === undefined ? [] : Object.keys(services[service].events);
  const form = useForm({
    schema: z.object({
      url,
      fallbackUrl: url.optional(),
      events: z.array(z.enum(known, `Write some of ${known.join(', ')}.`)).min(1, 'Name an event.'),
    }),
    read: (text) => ({
      url: text('url').trim(),
      ...(text('fallbackUrl').trim() === '' ? {} : { fallbackUrl: text('fallbackUrl').trim() }),
      events: text('events')
        .split(/[\s,]+/)
        .filter((event) => event !== ''),
    }),
    onValid: (fields) => {
      if (service !== undefined) add.mutate({ service, ...fields });
    },
    refusal: add.error,
    fieldsByCode,
  });
  const secret = add.data?.find((callback) => callback.secret !== undefined)?.secret;
  if (secret !== undefined) return <WebhookSecret secret={secret} onDone={onDone} />;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="New callback"
      description={`Your server is told of ${heard[scope.kind]}, signed, in order, and again until it answers.`}
    >
      <form {...form.props} className="grid gap-4">
        {service === undefined || changeable.length === 1 ? null : (
          <Labelled label="Service">
            <Select label="Service" value={service} options={serviceOptions} onChange={setService} />
          </Labelled>
        )}
        <Field
          key={service}
          label="Events"
          name="events"
          defaultValue={known.join(', ')}
          hint="With commas between."
          error={form.errorOf('events')}
        />
        <Field
          label="Address"
          name="url"
          inputMode="url"
          placeholder="https://api.example.com/hooks"
          hint="Or an operation of the platform that takes events: service:notification?channel=calls."
          error={form.errorOf('url')}
        />
        <Field
          label="Fallback address"
          name="fallbackUrl"
          inputMode="url"
          hint="Asked at once when the first one fails. May be left empty."
          error={form.errorOf('fallbackUrl')}
        />
        <FormEnd refusal={form.refusal} verb="Create" isPending={add.isPending} onLeave={onDone} />
      </form>
    </Dialog>
  );
}
