'use client';

import { triggers } from '@patchbay/domain/triggers/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select, type SelectOption } from '@patchbay/ui/select';
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
import { ForceField } from './force-field.tsx';
import { ShownField } from './shown-field.tsx';
import { choiceOfTarget, type TargetChoice, TargetFields, targetOf } from './target-fields.tsx';
import { counterText, type Trigger, unitWords } from './trigger-words.ts';
import { conditionOf, windowOf, windowOptionsFor } from './window-choice.ts';

const schema = triggers.resources.triggers.operations.update.request;
const fieldsByCode = {
  'triggers.counter_unknown': 'target',
  'triggers.action_unsupported': 'action',
  'triggers.node_unknown': 'action',
  'triggers.webhook_unknown': 'action',
  'callback.address_forbidden': { field: 'action', isExplained: true },
  'triggers.email_unavailable': 'action',
  'resource.unknown': 'target',
} as const;

interface EditTriggerProps {
  readonly trigger: Trigger;
  /** This account first, then those below it. */
  readonly accounts: readonly SelectOption<string>[];
  readonly onDone: () => void;
}

const isOther = (one: TargetChoice, other: TargetChoice): boolean =>
  (['accountId', 'scope', 'part', 'partId'] as const).some((field) => one[field] !== other[field]);

/** Changes what of a trigger can change. What it counts cannot: a new counter is a new trigger. */
export function EditTrigger({ trigger, accounts, onDone }: EditTriggerProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { counter, condition } = trigger;
  const [target, setTarget] = useState(() => choiceOfTarget(trigger.target));
  const [window, setWindow] = useState(() => windowOf(condition));
  const [action, setAction] = useState(() => choiceOfAction(trigger.action));
  const isAimed = isOther(target, choiceOfTarget(trigger.target));
  const isAnew = isAimed || window !== windowOf(condition);
  const [isShown, setShown] = useState(trigger.isShown);
  const [isForced, setForced] = useState(false);
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
      condition: conditionOf(window, typedNumber(text('condition'))),
      ...(isAimed ? { target: targetOf(target) } : {}),
      action: actionOf(action),
      isShown,
      ...(isForced ? { force: true } : {}),
    }),
    onValid: (fields) => update.mutate({ accountId, ...fields }),
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
      description={`Counts: ${counterText(counter)}. With another limit it may fire again; counted otherwise, or of something else, it begins anew.`}
    >
      <form {...form.props} className="grid gap-4">
        <Field label="Name" name="name" autoFocus defaultValue={trigger.name} error={form.errorOf('name')} />
        <TargetFields
          choice={target}
          accounts={accounts}
          onChange={(next) => {
            setTarget(next);
            form.forget('target');
          }}
          error={form.errorOf('target')}
        />
        <div className="grid grid-cols-2 gap-4">
          <Field
            label="Limit"
            name="condition"
            inputMode="numeric"
            defaultValue={String(condition.limit)}
            unit={'meter' in counter ? unitWords[unitOf(counter.meter)] : ''}
            error={form.errorOf('condition')}
          />
          <Labelled label="Counted">
            <Select
              label="Counted"
              value={window}
              options={windowOptionsFor(condition)}
              onChange={setWindow}
            />
          </Labelled>
        </div>
        {isAnew ? (
          <p className="text-sm text-pretty text-ink-soft">
            What it counted is forgotten, and what it holds is lifted. One that recurs and counts a whole
            account knows what was used in the window that runs, and fires at once where that is past the
            limit.
          </p>
        ) : null}
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
