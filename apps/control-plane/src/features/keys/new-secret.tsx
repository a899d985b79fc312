'use client';

import { CodePanel } from '@patchbay/ui/code-panel';
import { Dialog } from '@patchbay/ui/dialog';
import { ShownOnce, TakenActions } from '@patchbay/ui/shown-once';
import type { ReactNode } from 'react';
import { tryIt } from '../as-code/try-it.ts';
import { useShellVariables } from '../shell/endpoints.tsx';
import { TestKeyNote } from './test-key-note.tsx';

export interface NewSecretProps {
  readonly name: string;
  readonly secret: string;
  readonly mode: 'live' | 'test';
  readonly accountId: string;
  readonly onDone: () => void;
}

/** The secret of a new key, this once: we keep no copy of it. */
export function NewSecret({ name, secret, mode, accountId, onDone }: NewSecretProps): ReactNode {
  const variables = useShellVariables(accountId)(secret);
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={`The secret of “${name}”`}
      description="Copy it now: it is shown this once. Who has it can act for this account."
    >
      <ShownOnce text={secret} copyLabel="Copy the secret" />
      <div className="mt-4 grid gap-4">
        {mode === 'live' ? null : <TestKeyNote />}
        <CodePanel
          title="For your shell, then try it"
          snippets={[
            { name: 'CLI', code: `${variables}\n${tryIt.cli}` },
            { name: 'Sample app', code: `${variables}\n${tryIt.sample}` },
            { name: 'Variables', code: variables },
          ]}
        />
      </div>
      <TakenActions onDone={onDone} />
    </Dialog>
  );
}
