import type { ReactNode } from 'react';

export interface CheckBoxProps {
  readonly label: string;
  readonly hint: string;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

export function CheckBox({ label, hint, isChecked, onChange }: CheckBoxProps): ReactNode {
  return (
    <label className="flex items-start gap-2">
      <input
        type="checkbox"
        className="mt-1 accent-(--accent)"
        checked={isChecked}
        onChange={({ target }) => onChange(target.checked)}
      />
      <span>
        {label}
        <span className="block text-sm text-ink-faint">{hint}</span>
      </span>
    </label>
  );
}
