import type { ReactNode } from 'react';

const strokes = [
  ['flowing', '--accent', ''],
  ['waiting', '--wait', ''],
  ['failing', '--fail', ''],
  ['set above', '--line-strong', '6 4'],
  ['fallback', '--line-strong', '2 4'],
] as const;

/** What the lines mean. */
export function PatchLegend({ isInheriting }: { readonly isInheriting: boolean }): ReactNode {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-faint" aria-label="What the lines mean">
      {strokes
        .filter(([word]) => word !== 'set above' || isInheriting)
        .map(([word, colour, dash]) => (
          <li key={word} className="flex items-center gap-1.5">
            <svg width="22" height="4" aria-hidden="true">
              <line
                x1="0"
                y1="2"
                x2="22"
                y2="2"
                stroke={`var(${colour})`}
                strokeWidth="2"
                strokeDasharray={dash}
              />
            </svg>
            {word}
          </li>
        ))}
    </ul>
  );
}
