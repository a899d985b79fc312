'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { whyPath } from '../shell/pages.ts';
import { problemOf, remedyOf } from './problem.ts';

export interface ProblemNoteProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** Why something failed: the code, the rule and level of a refusal, and what to do about it. */
export function ProblemNote({ error, onRetry }: ProblemNoteProps): ReactNode {
  const problem = problemOf(error);
  const remedy = remedyOf(problem.code);
  // There is no account yet where somebody signs in, or looks at a page that belongs to none.
  const { accountId } = useParams<{ accountId?: string }>() ?? {};
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
        <RequestOf requestId={problem.requestId} accountId={accountId} />
      </p>
    </Callout>
  );
}

interface RequestOfProps {
  readonly requestId: string | undefined;
  readonly accountId: string | undefined;
}

/** The request, and where it is said what was known when it was refused (PRD-8). */
function RequestOf({ requestId, accountId }: RequestOfProps): ReactNode {
  if (requestId === undefined) return null;
  if (accountId === undefined) return <code>{requestId}</code>;
  return (
    <Link href={whyPath(accountId, requestId)} className="underline underline-offset-2">
      Why? <code>{requestId}</code>
    </Link>
  );
}
