'use client';

import { periods, triggers } from '@patchbay/domain/triggers/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select, type SelectOption } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { numberOf, typedNumber } from '../form/typed-number.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { unitOf } from '../usage/meters.ts';
import { WebhookSecret } from '../webhooks/webhook-secret.tsx';
import { ActionFields, actionOf, firstAction } from './action-fields.tsx';
import { CounterFields, counterOf, firstCounter } from './counter-fields.tsx';
import { CounterPreview } from './counter-preview.tsx';
import { ForceField } from './force-field.tsx';
import { ShownField } from './shown-field.tsx';
import { type TargetChoice, TargetFields, targetOf } from './target-fields.tsx';
import { unitWords } from './trigger-words.ts';
import { conditionOf, windowOptions } from './window-choice.ts';

const schema = triggers.resources.triggers.operations.create.request;
const fieldsByCode = {
  'triggers.counter_unknown': 'counter',
  'triggers.action_unsupported': 'action',
  'triggers.node_unknown': 'action',
  'triggers.webhook_unknown': 'action',
  'callback.address_forbidden': { field: 'action', isExplained: true },
  'triggers.email_unavailable': 'action',
  'resource.unknown': 'target',
} as const;

interface CreateTriggerProps {
  /** This account first, then those below it. */
  readonly accounts: readonly SelectOption<string>[];
}

/** Sets a trigger; what its counter stands at now is shown while it is filled in. */
export function CreateTrigger({ accounts }: CreateTriggerProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [secret, setSecret] = useState<string>();
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        <Plus aria-hidden />
        New trigger
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="New trigger"
        description="It fires once, within a second of the use that reaches its limit."
      >
        <TriggerForm
          accounts={accounts}
          onDone={(made) => {
            setOpen(false);
            setSecret(made);
          }}
        />
      </Dialog>
      {secret === undefined ? null : <WebhookSecret secret={secret} onDone={() => setSecret(undefined)} />}
    </>
  );
}

interface TriggerFormProps extends CreateTriggerProps {
  /** With the secret of a callback that the trigger has for itself now. */
  readonly onDone: (secret?: string) => void;
}

function TriggerForm({ accounts, onDone }: TriggerFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [counter, setCounter] = useState(firstCounter);
  const [target, setTarget] = useState<TargetChoice>({
    accountId,
    scope: 'descendants',
    part: 'all',
    partId: '',
  });
  const [window, setWindow] = useState('month');
  const [action, setAction] = useState(firstAction);
  const [limit, setLimit] = useState('');
  const [isShown, setShown] = useState(false);
  const [isForced, setForced] = useState(false);
  const create = useMutation(
    trpc.triggers.create.mutationOptions({ onSuccess: ({ secret }) => onDone(secret) }),
  );
  const form = useForm({
    schema,
    read: (text) => ({
      name: text('name'),
      counter: counterOf(counter),
      target: targetOf(target),
      condition: conditionOf(window, typedNumber(text('condition'))),
      action: actionOf(action),
      isShown,
      ...(isForced ? { force: true } : {}),
    }),
    onValid: (fields) => create.mutate({ accountId, ...fields }),
    refusal: create.error,
    fieldsByCode,
  });
  const counted = counterOf(counter);
  return (
    <form {...form.props} className="grid gap-4">
      <Field
        label="Name"
        name="name"
        autoFocus
        placeholder="Monthly allowance"
        error={form.errorOf('name')}
      />
      <TargetFields
        choice={target}
        accounts={accounts}
        onChange={(next) => {
          setTarget(next);
          form.forget('target');
        }}
        error={form.errorOf('target')}
      />
      <CounterFields
        choice={counter}
        onChange={(next) => {
          setCounter(next);
          form.forget('counter');
        }}
        error={
          form.errorOf('counter') === undefined ? undefined : wrongFilter(counted, form.errorOf('counter'))
        }
      />
      <div className="grid grid-cols-2 gap-4">
        <Field
          label="Limit"
          name="condition"
          inputMode="numeric"
          unit={counter.kind === 'meter' ? unitWords[unitOf(counter.meter)] : ''}
          error={form.errorOf('condition')}
          onChange={({ target: field }) => setLimit(field.value)}
        />
        <Labelled label="Counted">
          <Select label="Counted" value={window} options={windowOptions} onChange={setWindow} />
        </Labelled>
      </div>
      {typeof counted === 'string' || target.part !== 'all' ? null : (
        <CounterPreview
          counter={counted}
          targetId={target.accountId}
          scope={target.scope}
          per={periods.find((per) => per === window)}
          limit={numberOf(limit)}
        />
      )}
      <ActionFields
        choice={action}
        onChange={(next) => {
          setAction(next);
          form.forget('action');
        }}
        error={form.errorOf('action')}
      />
      <ForceField target={target} action={action} isForced={isForced} onChange={setForced} />
      <ShownField isShown={isShown} onChange={setShown} />
      {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
      <DialogActions>
        <Button variant="ghost" onClick={() => onDone()}>
          Leave it
        </Button>
        <Button variant="primary" type="submit" isPending={create.isPending}>
          Create
        </Button>
      </DialogActions>
    </form>
  );
}

/** Our own sentence says more than that the schema found none of two shapes. */
const wrongFilter = (counted: ReturnType<typeof counterOf>, found: string | undefined) =>
  typeof counted === 'string' ? counted : found;
