import type { ReactNode } from 'react';

/** Two jacks and the cable between them. */
export function BrandMark(): ReactNode {
  return (
    <svg viewBox="0 0 20 20" className="size-5 shrink-0" aria-hidden>
      <circle cx="4" cy="5" r="2.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="16" cy="15" r="2.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path
        d="M4 5 C4 16, 16 4, 16 15"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
