'use client';

import { Button } from '@patchbay/ui/button';
import { TextArea } from '@patchbay/ui/text-area';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';

/** What somebody wrote, as JSON; what is no JSON is a text. */
function dataOf(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A message by hand. */
export function PublishForm({ channel }: { readonly channel: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const publish = useMutation(
    trpc.notification.publish.mutationOptions({
      onSuccess: async () => {
        setText('');
        await queries.invalidateQueries(trpc.notification.listMessages.pathFilter());
      },
    }),
  );
  return (
    <form
      className="grid max-w-xl gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') publish.mutate({ accountId, channel, data: dataOf(text) });
      }}
    >
      <TextArea
        label="Publish a message"
        hint="JSON, or a text."
        placeholder='{"text":"Hello."}'
        rows={2}
        error={undefined}
        value={text}
        onChange={setText}
      />
      {publish.error === null ? null : <ProblemNote error={publish.error} />}
      <div>
        <Button type="submit" isPending={publish.isPending} disabled={text.trim() === ''}>
          Publish
        </Button>
      </div>
    </form>
  );
}
