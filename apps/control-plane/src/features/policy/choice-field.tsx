import type { ReactNode } from 'react';
import { choiceLabel } from './setting-words.ts';

export interface ChoiceFieldProps {
  readonly label: string;
  /** Before each choice, for screen readers, where the label alone says too little. */
  readonly name?: string;
  readonly hint?: string;
  readonly choices: readonly string[];
  /** As a draft has it: what is ticked, with commas between. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A list of what may be chosen, to be ticked. None: the level says nothing of it. */
export function ChoiceField(props: ChoiceFieldProps): ReactNode {
  const { label, name = label, hint, choices, value, onChange } = props;
  const ticked = value.split(',').map((item) => item.trim());
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium">{label}</legend>
      <div className="flex flex-wrap gap-x-5">
        {choices.map((choice) => (
          <label key={choice} className="flex h-8 items-center gap-2">
            <input
              type="checkbox"
              className="accent-(--accent)"
              aria-label={`${name}: ${choiceLabel(choice)}`}
              checked={ticked.includes(choice)}
              onChange={({ target }) =>
                onChange(
                  choices
                    .filter((one) => (one === choice ? target.checked : ticked.includes(one)))
                    .join(', '),
                )
              }
            />
            {choiceLabel(choice)}
          </label>
        ))}
      </div>
      {hint === undefined ? null : <p className="text-sm text-ink-faint">{hint}</p>}
    </fieldset>
  );
}
