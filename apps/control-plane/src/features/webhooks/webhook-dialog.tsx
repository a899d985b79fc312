'use client';

import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import type { Webhook } from './webhook.ts';
import { WebhookForm } from './webhook-form.tsx';
import { WebhookSecret } from './webhook-secret.tsx';

export type WebhookChange = 'edit' | 'rotate' | 'remove' | 'disable';

export interface WebhookDialogProps {
  readonly dialog: WebhookChange;
  readonly webhook: Webhook;
  readonly onDone: () => void;
}

/** The window that is open; each says what it changes before it does. */
export function WebhookDialog({ dialog, webhook, onDone }: WebhookDialogProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const onError = useRefusalToast();
  const request = { accountId, webhookId: webhook.id };
  const rotate = useMutation(trpc.webhooks.rotateSecret.mutationOptions({ onError }));
  const update = useMutation(trpc.webhooks.update.mutationOptions({ onSuccess: onDone, onError }));
  const remove = useMutation(
    trpc.webhooks.remove.mutationOptions({
      onSuccess: () => router.push(pagePath(accountId, 'webhooks')),
      onError,
    }),
  );
  const endsAt = webhook.previousSecretEndsAt;
  if (rotate.data !== undefined)
    return <WebhookSecret webhook={rotate.data} secret={rotate.data.secret} onDone={onDone} />;
  switch (dialog) {
    case 'edit':
      return <WebhookForm webhook={webhook} onDone={onDone} />;
    case 'rotate':
      return (
        <ConfirmDialog
          isOpen
          onOpenChange={onDone}
          title="Rotate the secret?"
          verb={endsAt === undefined ? 'Make a new one' : 'End it and make a new one'}
          isPending={rotate.isPending}
          onConfirm={() => rotate.mutate({ ...request, ...(endsAt === undefined ? {} : { force: true }) })}
        >
          {endsAt === undefined ? null : (
            <p className="text-ink">
              The secret before the present one signs until {showMoment(endsAt)}. A new one ends it now:
              servers that still verify with it take nothing any more.
            </p>
          )}
          <p>
            A new secret is shown once. For 24 hours every request carries a signature of it and one of the
            present secret, so your server verifies all the time while you change it.
          </p>
        </ConfirmDialog>
      );
    case 'disable':
      return (
        <ConfirmDialog
          isOpen
          onOpenChange={onDone}
          title="Disable the webhook?"
          verb="Disable"
          isPending={update.isPending}
          onConfirm={() => update.mutate({ ...request, state: 'disabled' })}
        >
          <p>
            Nothing more is sent. What waits now is sent when it is enabled again; what happens meanwhile is
            kept for 30 days and can be replayed from a cursor.
          </p>
        </ConfirmDialog>
      );
    case 'remove':
      return (
        <ConfirmDialog
          isOpen
          onOpenChange={onDone}
          title="Remove the webhook?"
          verb="Remove"
          name={new URL(webhook.url).host}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(request)}
        >
          <p className="text-ink">What waits for it is not sent any more, and its secret is gone.</p>
          <p>This cannot be undone. The events themselves stay, for 30 days.</p>
        </ConfirmDialog>
      );
  }
}
