'use client';

import { privacy } from '@patchbay/domain/privacy/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { useForm } from '../form/use-form.ts';
import { SaveRefusal } from '../problem/save-refusal.tsx';
import { useAccountId } from '../shell/account.ts';
import { boundsText, type DataClass, type RetentionAnswer } from './privacy-words.ts';

const schema = privacy.resources.retention.operations.set.request;
const fieldsByCode = { 'privacy.out_of_bounds': 'keepDays', 'privacy.bounds_crossed': 'keepDays' } as const;

interface KeepDialogProps {
  readonly dataClass: DataClass;
  /** What was there when it was opened: of this level one class is changed, and the others stay as they are. */
  readonly seen: RetentionAnswer;
  readonly onDone: () => void;
  readonly onReload: (current: RetentionAnswer) => void;
}

/** For how long an account keeps a class of data, and between what the accounts below it may. */
export function KeepDialog({ dataClass, seen, onDone, onReload }: KeepDialogProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { stored, setById } = seen;
  const whose = setById === undefined ? {} : { from: setById };
  const own = Object.entries(stored).find(([name]) => name === dataClass.dataClass)?.[1];
  const set = useMutation(trpc.retention.set.mutationOptions({ ...unlessChanged(seen), onSuccess: onDone }));
  const form = useForm({
    schema,
    read: (text) => ({ ...stored, [dataClass.dataClass]: wordOf(text) }),
    onValid: (word) => set.mutate({ accountId, ...whose, ...word }),
    refusal: set.error,
    fieldsByCode,
  });
  // The schema is of all classes, so it names the class and not the field.
  const found = form.errorOf('keepDays') ?? form.errorOf(dataClass.dataClass);
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={dataClass.title}
      description={`${dataClass.holds} What is older is removed within the hour, and does not come back.`}
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Kept"
          name="keepDays"
          autoFocus
          inputMode="numeric"
          unit="days"
          defaultValue={textOf(own?.keepDays)}
          placeholder={textOf(dataClass.keepDays)}
          hint={`Empty: as the level above says. ${capital(boundsText(dataClass))}.`}
          error={found}
        />
        <div className="grid grid-cols-2 gap-4">
          <Field
            label="Here and below at least"
            name="keepDaysMin"
            inputMode="numeric"
            unit="days"
            defaultValue={textOf(own?.keepDaysMin)}
          />
          <Field
            label="And at most"
            name="keepDaysMax"
            inputMode="numeric"
            unit="days"
            defaultValue={textOf(own?.keepDaysMax)}
          />
        </div>
        {form.refusal === undefined ? null : <SaveRefusal error={form.refusal} onReload={onReload} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={set.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const textOf = (days: number | undefined): string => (days === undefined ? '' : String(days));
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What stands in the fields; what is empty is not set here, and what is no number is refused. */
function wordOf(text: (name: string) => string) {
  const fields = ['keepDays', 'keepDaysMin', 'keepDaysMax'].flatMap((name) => {
    const typed = text(name).trim();
    return typed === '' ? [] : [[name, Number(typed)] as const];
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
