'use client';

import { periods, triggers } from '@patchbay/domain/triggers/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { meters, relayedBytes, serviceTitle, unitOf } from '../usage/meters.ts';
import { CounterPreview } from './counter-preview.tsx';

const schema = triggers.resources.triggers.operations.create.request;
const meterOptions = meters.map(({ name, label, service }) => ({
  value: name,
  label: `${serviceTitle(service)}: ${label}`,
}));
const perOptions = [
  ...periods.map((per) => ({ value: per, label: `a ${per}` })),
  { value: 'all', label: 'in all' },
] as const;
const actionOptions = [
  { value: 'notify', label: 'tell, and no more' },
  { value: 'throttle', label: 'hold the bit rate' },
  { value: 'endSessions', label: 'end the sessions' },
  { value: 'suspend', label: 'suspend the account' },
] as const;
const units = {
  byte: 'bytes',
  millisecond: 'ms',
  packet: 'packets',
  character: 'characters',
  count: '',
} as const;

interface CreateTriggerProps {
  /** This account first, then those below it. */
  readonly accounts: readonly { readonly value: string; readonly label: string }[];
}

/** Sets a trigger; what its counter stands at now is shown while it is filled in. */
export function CreateTrigger({ accounts }: CreateTriggerProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const [meter, setMeter] = useState(relayedBytes);
  const [targetId, setTargetId] = useState(accountId);
  const [per, setPer] = useState<(typeof perOptions)[number]['value']>('month');
  const [action, setAction] = useState<(typeof actionOptions)[number]['value']>('notify');
  const [limit, setLimit] = useState('');
  const create = useMutation(trpc.triggers.create.mutationOptions({ onSuccess: () => setOpen(false) }));
  const change = (open: boolean) => {
    setOpen(open);
    if (!open) create.reset();
  };
  const form = useForm({
    schema,
    read: (text) => ({
      name: text('name'),
      counter: { meter },
      target: { accountId: targetId },
      condition: conditionOf(per, numberOf(text('condition'))),
      action:
        action === 'throttle' ? { kind: action, bitsPerSecondMax: bitsOf(text('action')) } : { kind: action },
    }),
    onValid: (fields) => create.mutate({ accountId, ...fields }),
    refusal: create.error,
  });
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        <Plus aria-hidden />
        New trigger
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={change}
        title="New trigger"
        description="It fires once, within a second of the use that reaches its limit. The account it is about does not see it."
      >
        <form {...form.props} className="grid gap-4">
          <Field
            label="Name"
            name="name"
            autoFocus
            placeholder="Monthly allowance"
            error={form.errorOf('name')}
          />
          <Labelled label="Of">
            <Select label="Of" value={targetId} options={accounts} onChange={setTargetId} />
          </Labelled>
          <Labelled label="Counts">
            <Select label="Counts" value={meter} options={meterOptions} onChange={setMeter} />
          </Labelled>
          <div className="grid grid-cols-2 gap-4">
            <Field
              label="Limit"
              name="condition"
              inputMode="numeric"
              unit={units[unitOf(meter)]}
              error={form.errorOf('condition')}
              onChange={({ target }) => setLimit(target.value)}
            />
            <Labelled label="Counted">
              <Select label="Counted" value={per} options={perOptions} onChange={setPer} />
            </Labelled>
          </div>
          <CounterPreview
            meter={meter}
            targetId={targetId}
            per={per === 'all' ? undefined : per}
            limit={numberOf(limit)}
          />
          <div className="grid grid-cols-2 gap-4">
            <Labelled label="Then">
              <Select label="Then" value={action} options={actionOptions} onChange={setAction} />
            </Labelled>
            {action === 'throttle' ? (
              <Field
                label="Bit rate"
                name="action"
                inputMode="numeric"
                unit="kbit/s"
                defaultValue="256"
                error={form.errorOf('action')}
              />
            ) : null}
          </div>
          {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
          <DialogActions>
            <Button variant="ghost" onClick={() => change(false)}>
              Leave it
            </Button>
            <Button variant="primary" type="submit" isPending={create.isPending}>
              Create
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}

const conditionOf = (per: (typeof perOptions)[number]['value'], limit: number | undefined) =>
  per === 'all' ? { kind: 'threshold', limit } : { kind: 'recurring', limit, per };

/** A number as people write it; undefined for what is none. */
function numberOf(text: string): number | undefined {
  const plain = text.replaceAll(/[\s,_]/g, '');
  return /^\d+$/.test(plain) ? Number(plain) : undefined;
}

const bitsOf = (kilobits: string): number | undefined => {
  const number = numberOf(kilobits);
  return number === undefined ? undefined : number * 1_000;
};
