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
    <div className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
        {scope === undefined ? null : <p className="mt-0.5 text-ink-faint">{scope}</p>}
      </div>
      <div className="flex flex-wrap items-center gap-2 print:hidden">
        <Button variant="ghost" onClick={() => setCodeOpen(true)}>
          <CodeXml aria-hidden />
          As code
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
