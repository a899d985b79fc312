'use client';

import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { Dialog } from '@patchbay/ui/dialog';
import { CodeXml } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { CodeExample } from '../as-code/code-example.ts';

export interface PageHeaderProps {
  readonly title: ReactNode;
  /** What the figures include. */
  readonly scope?: ReactNode;
  readonly actions?: ReactNode;
  /** The same page as code. */
  readonly examples: readonly CodeExample[];
}

/** The name of a page, whether its figures include what lies below, and the same as code. */
export function PageHeader({ title, scope, actions, examples }: PageHeaderProps): ReactNode {
  const [isCodeOpen, setCodeOpen] = useState(false);
  return (
    <div className="mb-5 flex items-start justify-between gap-x-6 max-sm:gap-x-3">
      <div className="min-w-0 flex-1">
        <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
        {scope === undefined ? null : <p className="mt-0.5 text-ink-faint">{scope}</p>}
      </div>
      <div className="flex shrink-0 items-center gap-2 print:hidden max-sm:gap-1">
        <Button
          variant="ghost"
          aria-label="As code"
          className="max-sm:px-2"
          onClick={() => setCodeOpen(true)}
        >
          <CodeXml aria-hidden />
          <span className="max-sm:hidden">As code</span>
        </Button>
        {actions}
      </div>
      <Dialog
        isOpen={isCodeOpen}
        onOpenChange={setCodeOpen}
        title="As code"
        description="What this page does, with the ids of this account. Keep the key in PATCHBAY_KEY."
        placement="side"
      >
        <div className="grid gap-4">
          {examples.map((example) => (
            <CodePanel key={example.title} title={example.title} snippets={example.snippets} />
          ))}
        </div>
      </Dialog>
    </div>
  );
}
