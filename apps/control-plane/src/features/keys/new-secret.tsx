'use client';

import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { CopyButton } from '@patchbay/ui/copy-button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import type { ReactNode } from 'react';

export interface NewSecretProps {
  readonly name: string;
  readonly secret: string;
  readonly accountId: string;
  readonly onDone: () => void;
}

/** The secret of a new key, this once: we keep no copy of it. */
export function NewSecret({ name, secret, accountId, onDone }: NewSecretProps): ReactNode {
  const origin = typeof window === 'undefined' ? '' : window.location.origin;
  const environment = [
    `export PATCHBAY_URL=${origin}`,
    `export PATCHBAY_ACCOUNT=${accountId}`,
    `export PATCHBAY_KEY=${secret}`,
  ].join('\n');
  const server = [
    "import { Patchbay } from '@patchbay/sdk-node';",
    '',
    'const pb = new Patchbay(); // reads PATCHBAY_URL and PATCHBAY_KEY',
    "const iceServers = pb.iceServers({ identity: 'bob', ttlSeconds: 600 });",
  ].join('\n');
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={`The secret of “${name}”`}
      description="Copy it now: it is shown this once. Who has it can act for this account."
    >
      <div className="flex items-center gap-2 rounded-md border border-accent/50 bg-accent/8 px-3 py-2">
        <code className="min-w-0 flex-1 text-sm break-all" data-secret>
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the secret" />
      </div>
      <div className="mt-4">
        <CodePanel
          title="Use it"
          snippets={[
            { name: 'Shell', code: environment },
            { name: 'Server', code: server },
          ]}
        />
      </div>
      <DialogActions>
        <Button variant="primary" onClick={onDone}>
          I have it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
