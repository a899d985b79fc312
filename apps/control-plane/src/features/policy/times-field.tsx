import { dayNames } from '@patchbay/domain/policy/weekly-times';
import { Button, IconButton } from '@patchbay/ui/button';
import { useIsDisabled } from '@patchbay/ui/field-set';
import { Input } from '@patchbay/ui/input';
import { Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { newRow, type TimesRow, toRows, toTimesText } from './times-text.ts';

export interface TimesFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly error?: string | undefined;
  readonly onChange: (value: string) => void;
}

/** Windows of a week: for each its days, and from when to when. None: the level says nothing of it. */
export function TimesField({ label, hint, value, error, onChange }: TimesFieldProps): ReactNode {
  const isOnlyRead = useIsDisabled();
  const rows = toRows(value);
  const put = (changed: readonly TimesRow[]) => onChange(toTimesText(changed));
  return (
    <fieldset className="min-w-0" aria-invalid={error !== undefined}>
      <legend className="mb-1 font-medium">{label}</legend>
      <ul className="grid gap-2">
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a window has no name, and is what it says at its place.
          <li key={index} className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <Window
              name={`${label}, ${index + 1}`}
              row={row}
              onChange={(changed) => put(rows.map((one, at) => (at === index ? changed : one)))}
            />
            {isOnlyRead ? null : (
              <IconButton
                label={`Take window ${index + 1} out`}
                onClick={() => put(rows.filter((_, at) => at !== index))}
              >
                <X aria-hidden />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
      {isOnlyRead ? null : (
        <Button className={rows.length === 0 ? '' : 'mt-2'} onClick={() => put([...rows, newRow])}>
          <Plus aria-hidden />
          {rows.length === 0 ? 'Set times' : 'Another window'}
        </Button>
      )}
      {isOnlyRead && rows.length === 0 ? <p className="text-ink-soft">Not set here.</p> : null}
      <p className={`mt-1 text-sm ${error === undefined ? 'text-ink-faint' : 'text-fail'}`}>
        {error ?? hint}
      </p>
    </fieldset>
  );
}

interface WindowProps {
  readonly name: string;
  readonly row: TimesRow;
  readonly onChange: (row: TimesRow) => void;
}

function Window({ name, row, onChange }: WindowProps): ReactNode {
  const { days, from, to } = row;
  return (
    <>
      <span className="flex flex-wrap gap-x-3">
        {dayNames.map((day) => (
          <label key={day} className="flex h-8 items-center gap-1.5">
            <input
              type="checkbox"
              className="accent-(--accent)"
              aria-label={`${name}: ${day}`}
              checked={days.includes(day)}
              onChange={({ target }) =>
                onChange({
                  ...row,
                  days: dayNames.filter((one) => (one === day ? target.checked : days.includes(one))),
                })
              }
            />
            {day}
          </label>
        ))}
      </span>
      <span className="flex items-center gap-2">
        <Input
          className="w-18 tabular-nums"
          aria-label={`${name}: from`}
          value={from}
          placeholder="08:00"
          onChange={({ target }) => onChange({ ...row, from: target.value })}
        />
        to
        <Input
          className="w-18 tabular-nums"
          aria-label={`${name}: to`}
          value={to}
          placeholder="18:00"
          onChange={({ target }) => onChange({ ...row, to: target.value })}
        />
      </span>
    </>
  );
}
