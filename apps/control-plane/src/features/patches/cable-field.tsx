import { Field } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import type { TargetField } from './cable-draft.ts';

/** Nothing is chosen: what is, is typed. */
const NONE = 'none';

export interface CableFieldProps {
  readonly field: TargetField;
  readonly text: string;
  /** What of the event may stand in it. */
  readonly placeholders: readonly string[];
  readonly onChange: (text: string) => void;
}

/** What one field of the operation is given: a text, with fields of the event in braces. */
export function CableField({ field, text, placeholders, onChange }: CableFieldProps): ReactNode {
  const { name, isRequired, filledWith, values } = field;
  const offered = values.length > 0 ? values : placeholders;
  const choose = (chosen: string) => {
    if (chosen !== NONE) onChange(values.length > 0 ? chosen : `${text}${chosen}`);
  };
  return (
    <Field
      label={name}
      name={name}
      value={text}
      onChange={(event) => onChange(event.target.value)}
      placeholder={filledWith === '{}' ? 'the whole event' : filledWith}
      hint={isRequired ? 'Has to be said. Fields of the event stand in braces.' : undefined}
      autoComplete="off"
      aside={
        offered.length === 0 ? null : (
          <Select
            label={`Insert into ${name}`}
            value={NONE}
            options={[
              { value: NONE, label: values.length > 0 ? 'Choose' : 'Insert a field of the event' },
              ...offered.map((value) => ({ value, label: value === '{}' ? '{} the whole event' : value })),
            ]}
            onChange={choose}
            className="h-6 border-transparent px-1.5 text-sm text-accent"
          />
        )
      }
    />
  );
}
