'use client';

import { Button } from '@patchbay/ui/button';
import type { ReactNode } from 'react';
import { ProblemNote } from '../features/problem/problem-note.tsx';
import { Entry } from '../features/sign-in/entry.tsx';

export interface ErrorPageProps {
  readonly error: unknown;
  readonly reset: () => void;
}

/** What stands where a page could not be made at all. */
export default function ErrorPage({ error, reset }: ErrorPageProps): ReactNode {
  return (
    <Entry title="This page could not be made">
      <ProblemNote error={error} />
      <Button className="mt-4" onClick={reset}>
        Try again
      </Button>
    </Entry>
  );
}
