'use client';

import { Input } from '@patchbay/ui/input';
import { type ReactNode, useEffect, useId, useState } from 'react';

export interface TextChoiceProps {
  readonly label: string;
  readonly value: string;
  /** What a text comes to; undefined where it is none, and the field says so. */
  readonly read?: (text: string) => string | undefined;
  readonly placeholder?: string;
  /** The id of a list of what there is. */
  readonly list?: string;
  readonly onChange: (value: string) => void;
}

/** A choice that is typed. It holds when the field is left or Enter is pressed, so that no half of a word is asked for. */
export function TextChoice({
  label,
  value,
  read = (text) => text,
  onChange,
  ...rest
}: TextChoiceProps): ReactNode {
  const id = useId();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const meant = text.trim() === '' ? '' : read(text.trim());
  const settle = (typed: string) => {
    const next = typed.trim() === '' ? '' : read(typed.trim());
    if (next !== undefined && next !== value) onChange(next);
  };
  return (
    <div className="flex items-center gap-2">
      <label htmlFor={id} className="whitespace-nowrap text-ink-faint">
        {label}
      </label>
      <Input
        {...rest}
        id={id}
        className="w-44"
        autoComplete="off"
        spellCheck={false}
        value={text}
        aria-invalid={meant === undefined}
        onChange={(event) => {
          const typed = event.target.value;
          setText(typed);
          // What is picked from a list comes as one change, and is whole.
          if (rest.list !== undefined && read(typed) === typed) settle(typed);
        }}
        onBlur={() => settle(text)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') settle(text);
        }}
      />
    </div>
  );
}
