'use client';

import { Button } from '@patchbay/ui/button';
import type { ReactNode } from 'react';

/** What one account set here, in words. */
export interface WordHere {
  /** The account above whose word it is; absent for one that the reader does not see. */
  readonly setById?: string | undefined;
  readonly text: string;
}

export interface SetAboveProps {
  readonly words: readonly WordHere[];
  /** What the account itself set, where somebody above looks at it. */
  readonly ownText?: string | undefined;
  /** The accounts for which the reader may speak. */
  readonly speakerIds: readonly string[];
  readonly names: ReadonlyMap<string, string>;
  /** Absent for who may not change it, or where a word is not taken back by itself. */
  readonly onTakeBack?: ((accountId: string) => void) | undefined;
}

/** Whose words hold here, the farthest first: each is taken back by who speaks for its account, and by nobody below. */
export function SetAbove({ words, ownText, speakerIds, names, onTakeBack }: SetAboveProps): ReactNode {
  if (words.length === 0) return null;
  return (
    <ul aria-label="Set from above" className="grid gap-1.5 border-line border-l-2 pl-3 text-sm">
      {words.map(({ setById, text }) => (
        <li key={setById ?? ''} className="flex flex-wrap items-center gap-x-2">
          <span className="min-w-0 text-pretty">
            <span className="text-ink-soft">
              Set by {setById === undefined ? 'an account above' : (names.get(setById) ?? setById)}:
            </span>{' '}
            {text}
          </span>
          {setById === undefined || onTakeBack === undefined || !speakerIds.includes(setById) ? null : (
            <Button size="small" variant="ghost" onClick={() => onTakeBack(setById)}>
              Take it back
            </Button>
          )}
        </li>
      ))}
      {ownText === undefined ? null : (
        <li className="text-pretty">
          <span className="text-ink-soft">Set by the account itself:</span> {ownText}
        </li>
      )}
    </ul>
  );
}
