'use client';

import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showBytes, showDuration, textOf } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { SoundPlayer, type Speech } from './sound-player.tsx';
import { SpeakForm } from './speak-form.tsx';

/** More than there are. */
const VOICE_COUNT = 100;

/** Speaks what somebody writes, and shows what was spoken. */
export function SpeechPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const voices = useQuery(trpc.textToSpeech.listVoices.queryOptions({ accountId, limit: VOICE_COUNT }));
  return (
    <>
      <IfMay to="textToSpeech.synthesize">
        <section aria-labelledby="speak">
          <h2 id="speak" className="mb-3 font-semibold">
            Try it
          </h2>
          {voices.error === null ? null : (
            <ProblemNote error={voices.error} onRetry={() => void voices.refetch()} />
          )}
          {voices.data === undefined ? null : <SpeakForm voices={voices.data.items} />}
        </section>
      </IfMay>
      <SpokenTexts />
    </>
  );
}

const stateWords: Readonly<Record<Speech['state'], string>> = {
  queued: 'waits',
  running: 'is spoken',
  completed: 'spoken',
  failed: 'failed',
};

function SpokenTexts(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(
    trpc.textToSpeech.listSpeech.infiniteQueryOptions(listRequest(accountId), paged),
  );
  const speeches = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="spoken">
      <h2 id="spoken" className="mb-1 font-semibold">
        Spoken texts
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && speeches.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nothing was spoken yet. Files are kept for a while, texts are not.
        </p>
      ) : null}
      {speeches.length === 0 ? null : (
        <Table label="Spoken texts" columns={columns} rows={speeches} rowKey={({ id }) => id} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columns: readonly Column<Speech>[] = [
  {
    key: 'at',
    header: 'When',
    isTitle: true,
    cell: ({ createdAt }) => <span className="whitespace-nowrap">{showMoment(createdAt)}</span>,
  },
  {
    key: 'voices',
    header: 'Voices',
    cell: ({ voices }) => <span className="font-mono">{voices.join(', ') || '–'}</span>,
  },
  { key: 'characters', header: 'Characters', isNumber: true, cell: ({ characters }) => characters },
  {
    key: 'sound',
    header: 'Sound',
    cell: (speech) => <SoundOf speech={speech} />,
  },
];

function SoundOf({ speech }: { readonly speech: Speech }): ReactNode {
  const { state, failure, url, durationMs = 0, sizeBytes = 0, format, isCacheHit } = speech;
  if (failure !== undefined) return <span className="text-ink-soft">{failure.detail}</span>;
  if (state !== 'completed') return <span className="text-ink-soft">{stateWords[state]}</span>;
  if (url === undefined) return <span className="text-ink-faint">its file is gone</span>;
  const facts = [format, showDuration(durationMs), textOf(showBytes(sizeBytes))];
  return (
    <div className="grid gap-1">
      <SoundPlayer speech={speech} />
      <span className="text-sm text-ink-faint">
        {[...facts, ...(isCacheHit ? ['from before'] : [])].join(' · ')}
      </span>
    </div>
  );
}
