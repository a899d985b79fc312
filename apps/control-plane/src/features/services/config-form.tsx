'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { useToast } from '@patchbay/ui/toast';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { SchemaControl } from '../schema-form/schema-control.tsx';
import { readDraft, showValue } from '../schema-form/schema-fields.ts';
import { useDraft } from '../schema-form/use-draft.ts';
import type { ConfigValue } from './use-service-config.ts';

export interface ConfigFormProps {
  /** The definition's own: form and API agree by it. */
  readonly schema: z.ZodObject;
  readonly values: readonly ConfigValue[];
  readonly save: {
    readonly isPending: boolean;
    readonly error: unknown;
    mutate(values: Readonly<Record<string, unknown>>, options: { readonly onSuccess: () => void }): void;
  };
  /** What a change does, to whom and when. */
  readonly effect: ReactNode;
}

/** The configuration of a service, asked for as its schema says. A field that is left empty goes back to what holds otherwise. */
export function ConfigForm({ schema, values, save, effect }: ConfigFormProps): ReactNode {
  const toast = useToast();
  const fields = values.map(({ field }) => field);
  const own = Object.fromEntries(values.map(({ field, own: value }) => [field.name, value]));
  const { draft, isChanged, set, clear } = useDraft(own);
  const form = useForm({
    schema,
    read: () => readDraft(fields, draft),
    onValid: () =>
      save.mutate(readDraft(fields, draft), {
        onSuccess: () => {
          clear();
          toast({ tone: 'live', title: 'Saved.', detail: 'The audit log has what changed.' });
        },
      }),
    refusal: save.error,
  });
  const change = (name: string) => (text: string) => {
    set(name, text);
    form.forget(name);
  };
  return (
    <form {...form.props} className="grid gap-5">
      {values.map((value) => {
        const { field } = value;
        return (
          <SchemaControl
            key={field.name}
            field={field}
            value={draft[field.name] ?? ''}
            onChange={change(field.name)}
            error={form.errorOf(field.name)}
            why={<Why value={value} draft={draft[field.name] ?? ''} onReset={() => change(field.name)('')} />}
          />
        );
      })}
      {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
      <div className="grid gap-2">
        <p className="text-sm text-pretty text-ink-faint">{effect}</p>
        <div className="flex gap-2">
          <Button variant="primary" type="submit" disabled={!isChanged} isPending={save.isPending}>
            Save
          </Button>
          {isChanged ? (
            <Button variant="ghost" onClick={clear}>
              Undo
            </Button>
          ) : null}
        </div>
      </div>
    </form>
  );
}

interface WhyProps {
  readonly value: ConfigValue;
  readonly draft: string;
  readonly onReset: () => void;
}

/** Where what holds comes from, and the way back to what would hold otherwise. */
function Why({ value: { field, own }, draft, onReset }: WhyProps): ReactNode {
  if (draft.trim() === '')
    return own === undefined ? <Badge>by default</Badge> : <Badge>not saved yet</Badge>;
  return (
    <span className="flex items-center gap-1.5">
      <button
        type="button"
        className="rounded-sm text-sm text-ink-faint underline underline-offset-2 hover:text-ink"
        aria-label={`Back to ${showValue(field, field.otherwise)}: ${field.label}`}
        onClick={onReset}
      >
        back to {showValue(field, field.otherwise)}
      </button>
      <Badge tone="accent">{own === undefined ? 'not saved yet' : 'set here'}</Badge>
    </span>
  );
}
