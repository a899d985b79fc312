import { type ReactNode, useId } from 'react';
import { classNames } from './class-names.tsx';
import { fieldShape } from './input.tsx';

export interface TextAreaProps {
  readonly label: string;
  readonly hint: string;
  readonly placeholder?: string | undefined;
  readonly rows?: number;
  readonly error: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Several lines, as a machine reads them. */
export function TextArea({
  label,
  hint,
  placeholder,
  rows = 3,
  error,
  value,
  onChange,
}: TextAreaProps): ReactNode {
  const id = useId();
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea
        id={id}
        rows={rows}
        spellCheck={false}
        placeholder={placeholder}
        className={classNames(fieldShape, 'h-auto resize-y py-1.5 font-mono')}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-note`}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
      <p
        id={`${id}-note`}
        className={classNames('text-sm', error === undefined ? 'text-ink-faint' : 'text-fail')}
      >
        {error ?? hint}
      </p>
    </div>
  );
}
