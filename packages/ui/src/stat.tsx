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
    <div className="grid min-w-0 content-start gap-1">
      <div className="text-ink-soft">{label}</div>
      <div
        className={classNames(
          // A sum to its last fraction is wider than half a phone: it is broken rather than cut.
          'text-lg font-semibold tracking-tight tabular-nums [overflow-wrap:anywhere]',
          tone === undefined ? undefined : toneText[tone],
        )}
      >
        {value}
        {unit === undefined || unit === '' ? null : (
          <>
            {' '}
            <span className="font-normal whitespace-nowrap text-ink-faint">{unit}</span>
          </>
        )}
      </div>
      {note === undefined ? null : <div className="text-sm text-ink-faint">{note}</div>}
      {children}
    </div>
  );
}
