'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { problemOf, remedyOf } from './problem.ts';

export interface ProblemNoteProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** Why something failed: the code, the rule and level of a refusal, and what to do about it. */
export function ProblemNote({ error, onRetry }: ProblemNoteProps): ReactNode {
  const problem = problemOf(error);
  const remedy = remedyOf(problem.code);
  return (
    <Callout
      tone="fail"
      title={problem.title}
      action={
        onRetry === undefined || problem.retry === 'never' ? undefined : (
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      <p>{problem.detail}</p>
      {remedy === undefined ? null : <p className="mt-1 text-ink">{remedy}</p>}
      <p className="mt-1 flex flex-wrap gap-x-3 text-sm">
        <Link href={problem.type} className="underline underline-offset-2">
          <code>{problem.code}</code>
        </Link>
        {problem.rule === undefined ? null : <span>rule {problem.rule}</span>}
        {problem.level === undefined ? null : <span>set at {problem.level}</span>}
        {problem.requestId === undefined ? null : <code>{problem.requestId}</code>}
      </p>
    </Callout>
  );
}
