'use client';

import { hooks } from '@patchbay/domain/hooks/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { typesIn } from './event-types.ts';
import { EventTypesField } from './event-types-field.tsx';
import type { Webhook } from './webhook.ts';
import { WebhookSecret } from './webhook-secret.tsx';

export interface WebhookFormProps {
  /** Absent for a new one. */
  readonly webhook: Webhook | undefined;
  readonly onDone: () => void;
}

const schema = hooks.resources.webhooks.operations.create.request;
const scopes = [
  { value: 'own', label: 'this account' },
  { value: 'descendants', label: 'this account and those below' },
] as const;
const fieldsByCode = {
  'hooks.address_forbidden': { field: 'url', isExplained: true },
  'hooks.event_type_unknown': { field: 'eventTypes', isExplained: true },
  'hooks.callback_bound': { field: 'eventTypes', isExplained: true },
} as const;

/** Makes a webhook and shows its secret, or changes one. */
export function WebhookForm({ webhook, onDone }: WebhookFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [scope, setScope] = useState<Webhook['scope']>(webhook?.scope ?? 'own');
  const create = useMutation(trpc.webhooks.create.mutationOptions());
  const update = useMutation(trpc.webhooks.update.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema,
    read: (text) => ({
      url: text('url'),
      ...(text('fallbackUrl') === '' ? {} : { fallbackUrl: text('fallbackUrl') }),
      description: text('description'),
      eventTypes: webhook?.triggerId === undefined ? typesIn(text('eventTypes')) : webhook.eventTypes,
      scope,
      batchEventsMax: Number(text('batchEventsMax')),
      batchWaitMs: Number(text('batchWaitMs')),
    }),
    onValid: (fields) => {
      if (webhook === undefined) return create.mutate({ accountId, ...fields });
      const { fallbackUrl = null, applicationId: _, ...rest } = fields;
      update.mutate({ accountId, webhookId: webhook.id, ...rest, fallbackUrl });
    },
    refusal: create.error ?? update.error,
    fieldsByCode,
  });
  if (create.data !== undefined)
    return <WebhookSecret webhook={create.data} secret={create.data.secret} onDone={onDone} />;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={webhook === undefined ? 'New webhook' : 'Edit the webhook'}
      description="Your server is told of events by signed requests, in order, and again until it takes them."
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Address"
          name="url"
          autoFocus
          inputMode="url"
          placeholder="https://api.example.com/hooks"
          defaultValue={webhook?.url ?? ''}
          error={form.errorOf('url')}
        />
        <Field
          label="Fallback address"
          name="fallbackUrl"
          inputMode="url"
          defaultValue={webhook?.fallbackUrl ?? ''}
          hint="Asked at once when the first one fails. May be left empty."
          error={form.errorOf('fallbackUrl')}
        />
        {webhook?.triggerId === undefined ? (
          <EventTypesField
            eventTypes={webhook?.eventTypes ?? ['*']}
            service={webhook?.service}
            error={form.errorOf('eventTypes')}
            onChoose={() => form.forget('eventTypes')}
          />
        ) : null}
        {webhook?.service === undefined && webhook?.triggerId === undefined ? (
          <Labelled label="Of">
            <Select label="Of" value={scope} options={scopes} onChange={setScope} />
          </Labelled>
        ) : null}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Events in one request"
            name="batchEventsMax"
            inputMode="numeric"
            defaultValue={String(webhook?.batchEventsMax ?? 1)}
            hint="1: each by itself. More: batches of at most so many."
            error={form.errorOf('batchEventsMax')}
          />
          <Field
            label="Wait for others, in ms"
            name="batchWaitMs"
            inputMode="numeric"
            defaultValue={String(webhook?.batchWaitMs ?? 1_000)}
            hint="Of a batch: how long its oldest event waits."
            error={form.errorOf('batchWaitMs')}
          />
        </div>
        <Field
          label="Description"
          name="description"
          defaultValue={webhook?.description ?? ''}
          error={form.errorOf('description')}
        />
        {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={create.isPending || update.isPending}>
            {webhook === undefined ? 'Create' : 'Save'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
