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
    <div className="mb-5 grid grid-cols-[minmax(8rem,1fr)_auto] items-start gap-x-6 gap-y-0.5 max-sm:gap-x-3 max-sm:gap-y-1.5">
      <h1 className="text-lg font-semibold tracking-tight wrap-anywhere">{title}</h1>
      {scope === undefined ? null : (
        <p className="row-start-2 wrap-anywhere text-ink-faint max-sm:col-span-2">{scope}</p>
      )}
      <div className="col-start-2 row-start-1 flex shrink-0 flex-wrap items-center justify-end gap-2 print:hidden max-sm:gap-1 sm:row-span-2">
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
