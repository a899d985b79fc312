'use client';

import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { CopyButton } from '@patchbay/ui/copy-button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { handlerSnippets } from './handler-code.ts';
import type { Webhook } from './webhook.ts';

export interface WebhookSecretProps {
  /** Of one whose secret is new: what it was before. */
  readonly webhook?: Pick<Webhook, 'previousSecretEndsAt'>;
  readonly secret: string;
  readonly onDone: () => void;
}

/** The secret of a webhook, this once: it is stored encrypted and never shown again. */
export function WebhookSecret({ webhook, secret, onDone }: WebhookSecretProps): ReactNode {
  const until = webhook?.previousSecretEndsAt;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="The secret of the webhook"
      description="Copy it now: it is shown this once. With it your server sees that an event is from here."
    >
      <div className="flex items-center gap-2 rounded-md border border-accent/50 bg-accent/8 px-3 py-2">
        <code className="min-w-0 flex-1 text-sm break-all" data-secret>
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the secret" />
      </div>
      {until === undefined ? null : (
        <p className="mt-3 text-ink-soft">
          The old secret signs beside it until {showMoment(until)}: either verifies until then.
        </p>
      )}
      <div className="mt-4">
        <CodePanel title="Your server, with PATCHBAY_WEBHOOK_SECRET set" snippets={handlerSnippets} />
      </div>
      <DialogActions>
        <Button variant="primary" onClick={onDone}>
          I have it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
