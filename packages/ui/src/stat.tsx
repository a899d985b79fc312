import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';
import { type Tone, toneText } from './tone.tsx';

/** A number whose unit is lighter than itself. */
export function Quantity({ value, unit }: { readonly value: ReactNode; readonly unit?: string }): ReactNode {
  return (
    <span className="whitespace-nowrap tabular-nums">
      {value}
      {unit === undefined || unit === '' ? null : (
        <span className="font-normal text-ink-faint">&nbsp;{unit}</span>
      )}
    </span>
  );
}

export interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly unit?: string;
  /** A comparison or a note below the figure. */
  readonly note?: ReactNode;
  readonly tone?: Tone;
  /** A small chart, say. */
  readonly children?: ReactNode;
}

/** One figure that a page is about. Wrap it in a link to what it is made of. */
export function Stat({ label, value, unit, note, tone, children }: StatProps): ReactNode {
  return (
    <div className="grid content-start gap-1">
      <div className="text-ink-soft">{label}</div>
      <div
        className={classNames(
          'text-lg font-semibold tracking-tight tabular-nums',
          tone === undefined ? undefined : toneText[tone],
        )}
      >
        {unit === undefined ? value : <Quantity value={value} unit={unit} />}
      </div>
      {note === undefined ? null : <div className="text-sm text-ink-faint">{note}</div>}
      {children}
    </div>
  );
}
