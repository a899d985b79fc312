'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useParams, useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangesLink } from '../audit/changes-link.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { ChannelMembers } from './channel-members.tsx';
import { ChannelMessages } from './channel-messages.tsx';
import { PublishForm } from './publish-form.tsx';

const REFRESH_MS = 2_000;

/** One channel: what is said in it as it is said, who is there, and a message by hand. */
export function ChannelPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const { channel: escaped } = useParams<{ channel: string }>();
  const channel = decodeURIComponent(escaped);
  const [isRemoving, setRemoving] = useState(false);
  const found = useQuery(
    trpc.notification.getChannel.queryOptions({ accountId, channel }, { refetchInterval: REFRESH_MS }),
  );
  const service = pagePath(accountId, 'services/notification');
  const remove = useMutation(
    trpc.notification.removeChannel.mutationOptions({
      onSuccess: () => router.push(service),
      onError: useRefusalToast(),
    }),
  );
  return (
    <>
      <Link href={service} className="mb-1 inline-block text-ink-faint hover:text-ink hover:underline">
        Notification
      </Link>
      <PageHeader
        title={<span className="font-mono">{channel}</span>}
        scope="A channel of this account."
        examples={examplesOf(accountId, channel)}
        actions={<ChangesLink target={channel} />}
      />
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-24 max-w-xl" /> : null}
      {found.data === undefined ? null : (
        <div className="grid grid-cols-1 gap-x-16 gap-y-10 xl:grid-cols-[minmax(0,1fr)_minmax(0,24rem)]">
          <div className="grid min-w-0 content-start gap-10">
            <IfMay to="notification.publish">
              <PublishForm channel={channel} />
            </IfMay>
            <ChannelMessages channel={channel} />
          </div>
          <div className="grid min-w-0 content-start gap-10">
            <div className="grid gap-4">
              <ChannelFacts channel={found.data} />
              <IfMay to="notification.removeChannel">
                <div>
                  <Button variant="danger" onClick={() => setRemoving(true)}>
                    Remove …
                  </Button>
                </div>
              </IfMay>
            </div>
            <ChannelMembers channel={channel} />
          </div>
        </div>
      )}
      <ConfirmDialog
        isOpen={isRemoving}
        onOpenChange={setRemoving}
        title={`Remove ${channel}?`}
        verb="Remove"
        name={channel}
        isPending={remove.isPending}
        onConfirm={() => remove.mutate({ accountId, channel })}
      >
        <p className="text-ink">What is kept of it is gone, and whoever subscribes is told so.</p>
        <p>The next message begins it anew.</p>
      </ConfirmDialog>
    </>
  );
}

function ChannelFacts({
  channel: { namespace, headOffset, epoch, createdAt, publishedAt },
}: {
  readonly channel: Outputs['notification']['getChannel'];
}): ReactNode {
  return (
    <Facts>
      <Fact term="Messages so far">{headOffset}</Fact>
      <Fact term="Last message">{publishedAt === undefined ? 'none yet' : showMoment(publishedAt)}</Fact>
      <Fact term="Namespace">
        <span className="font-mono">{namespace}</span>
      </Fact>
      <Fact term="Begun">{createdAt === undefined ? 'not yet' : showMoment(createdAt)}</Fact>
      <Fact term="Epoch">
        <span className="font-mono">{epoch ?? '–'}</span>
      </Fact>
    </Facts>
  );
}

const examplesOf = (accountId: string, channel: string) => [
  exampleOf({ operation: 'notification.publish', input: { accountId, channel, data: { text: 'Hello.' } } }),
  exampleOf({ operation: 'notification.listMessages', input: { accountId, channel, after: 0 } }),
  exampleOf({ operation: 'notification.listMembers', input: { accountId, channel } }),
];
