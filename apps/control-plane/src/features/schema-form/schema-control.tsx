'use client';

import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { boundsText, readingOf, type SchemaField, showValue } from './schema-fields.ts';

export interface SchemaControlProps {
  readonly field: SchemaField;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly error: string | undefined;
  /** What holds while it is empty, as in 'no cap' or '86,400 s, by default'. */
  readonly emptyText?: string;
  /** Of a choice: fewer than its schema has, where some could not hold. */
  readonly choices?: readonly string[];
  /** Beside its name: where its value comes from. */
  readonly why?: ReactNode;
}

/** The select cannot hold an empty value. */
const EMPTY = 'left empty';

/** One field of a schema, as a person fills it in. */
export function SchemaControl(props: SchemaControlProps): ReactNode {
  const { field, value, onChange, error, why } = props;
  const { emptyText = emptyTextOf(field), choices = field.choices } = props;
  const hint = [field.summary, boundsText(field)].filter((part) => part !== undefined).join(' ');
  if (field.kind === 'choice') {
    const options = [
      ...(field.isRequired ? [] : [{ value: EMPTY, label: emptyText }]),
      ...choices.map((choice) => ({ value: choice, label: choice })),
    ];
    return (
      <Labelled label={field.label} hint={error ?? hint} aside={why}>
        <Select
          label={field.label}
          value={value === '' ? EMPTY : value}
          options={options}
          onChange={(chosen) => onChange(chosen === EMPTY ? '' : chosen)}
        />
      </Labelled>
    );
  }
  const reading = readingOf(field, value);
  return (
    <Field
      label={field.label}
      aside={why}
      name={field.name}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      placeholder={field.isRequired ? '' : emptyText}
      inputMode={field.kind === 'integer' ? 'numeric' : 'text'}
      autoComplete="off"
      spellCheck={false}
      hint={hint === '' ? undefined : hint}
      error={error}
      unit={reading === undefined ? field.quantity?.unit : `${field.quantity?.unit} = ${reading}`}
    />
  );
}

function emptyTextOf(field: SchemaField): string {
  if (field.otherwise === undefined) return field.emptyText;
  return `${showValue(field, field.otherwise)}, by default`;
}
