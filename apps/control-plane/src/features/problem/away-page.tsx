import type { ReactNode } from 'react';
import { Entry } from '../sign-in/entry.tsx';
import { ProblemNote } from './problem-note.tsx';

/** Stands for a page that nothing is known for while the store is away. The same address is the way back. */
export function AwayPage({ href }: { readonly href: string }): ReactNode {
  return (
    <Entry title="Nothing can be read now">
      <ProblemNote error={undefined} />
      <a href={href} className="mt-4 inline-block font-medium text-accent hover:underline">
        Try again
      </a>
    </Entry>
  );
}
