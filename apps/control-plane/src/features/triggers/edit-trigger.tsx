'use client';

import { triggers } from '@patchbay/domain/triggers/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { typedNumber } from '../form/typed-number.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { unitOf } from '../usage/meters.ts';
import { WebhookSecret } from '../webhooks/webhook-secret.tsx';
import { ActionFields, actionOf, choiceOfAction } from './action-fields.tsx';
import { ShownField } from './shown-field.tsx';
import { counterText, type Trigger, unitWords, windowText } from './trigger-words.ts';

const schema = triggers.resources.triggers.operations.update.request;
const fieldsByCode = {
  'triggers.action_unsupported': 'action',
  'triggers.node_unknown': 'action',
  'triggers.webhook_unknown': 'action',
  'callback.address_forbidden': { field: 'action', isExplained: true },
  'triggers.email_unavailable': 'action',
} as const;

interface EditTriggerProps {
  readonly trigger: Trigger;
  readonly onDone: () => void;
}

/** Changes what of a trigger can change. What it counts cannot: a new counter is a new trigger. */
export function EditTrigger({ trigger, onDone }: EditTriggerProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { counter, condition } = trigger;
  const [action, setAction] = useState(() => choiceOfAction(trigger.action));
  const [isShown, setShown] = useState(trigger.isShown);
  const update = useMutation(
    trpc.triggers.update.mutationOptions({
      onSuccess: ({ secret }) => {
        if (secret === undefined) onDone();
      },
    }),
  );
  const form = useForm({
    schema,
    read: (text) => ({
      triggerId: trigger.id,
      name: text('name'),
      limit: typedNumber(text('limit')),
      action: actionOf(action),
      isShown,
    }),
    onValid: ({ limit, ...fields }) =>
      // A limit that is sent lets the trigger fire again, so one that stays is not.
      update.mutate({ accountId, ...fields, ...(limit === condition.limit ? {} : { limit }) }),
    refusal: update.error,
    fieldsByCode,
  });
  const secret = update.data?.secret;
  if (secret !== undefined) return <WebhookSecret secret={secret} onDone={onDone} />;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={trigger.name}
      description={`Counts: ${counterText(counter)}. With another limit it may fire again.`}
    >
      <form {...form.props} className="grid gap-4">
        <Field label="Name" name="name" autoFocus defaultValue={trigger.name} error={form.errorOf('name')} />
        <Field
          label={`Limit ${windowText(condition)}`}
          name="limit"
          inputMode="numeric"
          defaultValue={String(condition.limit)}
          unit={'meter' in counter ? unitWords[unitOf(counter.meter)] : ''}
          error={form.errorOf('limit')}
        />
        <ActionFields
          choice={action}
          onChange={(next) => {
            setAction(next);
            form.forget('action');
          }}
          error={form.errorOf('action')}
        />
        <ShownField isShown={isShown} onChange={setShown} />
        {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={update.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
