'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { SetAbove } from '../speakers/set-above.tsx';
import { SpeakerChoice } from '../speakers/speaker-choice.tsx';
import { KeepDialog } from './keep-dialog.tsx';
import {
  boundsText,
  type DataClass,
  keptText,
  levelText,
  type RetentionAnswer,
  wordText,
} from './privacy-words.ts';

/** The class that is changed, and what was there when that began. */
interface Opened {
  readonly name: DataClass['dataClass'];
  readonly seen: RetentionAnswer;
}

/** Every class of data: what it says about people, for how long it is kept, and whose word that is. */
export function Retention(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const mayChange = useMay('retention.set');
  const [opened, setOpened] = useState<Opened>();
  const [from, setFrom] = useState<string>();
  const retention = useQuery(
    trpc.retention.get.queryOptions({ accountId, ...(from === undefined ? {} : { from }) }),
  );
  const showRefusal = useRefusalToast();
  const takeBack = useMutation(trpc.retention.set.mutationOptions({ onError: showRefusal }));
  const answer = retention.data;
  const dataClass = opened?.seen.classes.find((one) => one.dataClass === opened.name);
  const names = new Map([
    ...(account?.ancestors ?? []).map(({ id, name }) => [id, name] as const),
    [accountId, 'this account'],
  ]);
  return (
    <section aria-labelledby="kept">
      <h2 id="kept" className="mb-2 font-semibold">
        How long it is kept
      </h2>
      {retention.error === null ? null : (
        <ProblemNote error={retention.error} onRetry={() => void retention.refetch()} />
      )}
      {retention.isPending && retention.error === null ? <TableSkeleton rows={8} /> : null}
      {answer === undefined ? null : (
        <div className="mb-3 grid gap-3 empty:hidden">
          {answer.setById === undefined ? null : (
            <p className="text-ink-faint">
              You are above this account: what you set here is the most that it may keep, and it does not take
              it back.
            </p>
          )}
          <SpeakerChoice
            speakerIds={answer.speakerIds}
            chosen={answer.setById ?? accountId}
            names={names}
            onChange={setFrom}
          />
          <SetAbove
            words={answer.fromAbove.map(({ setById, word }) => ({ setById, text: wordText(word) }))}
            ownText={answer.setById === undefined ? undefined : wordText(answer.own) || undefined}
            speakerIds={answer.speakerIds}
            names={names}
            onTakeBack={mayChange ? (setter) => takeBack.mutate({ accountId, from: setter }) : undefined}
          />
        </div>
      )}
      {answer === undefined ? null : (
        <Table
          label="Classes of data"
          columns={columnsOf({
            names,
            mayChange,
            onChange: ({ dataClass }) => setOpened({ name: dataClass, seen: answer }),
          })}
          rows={answer.classes}
          rowKey={({ dataClass }) => dataClass}
        />
      )}
      {opened === undefined || dataClass === undefined ? null : (
        <KeepDialog
          key={JSON.stringify(opened.seen)}
          dataClass={dataClass}
          seen={opened.seen}
          onReload={(current) => setOpened({ ...opened, seen: current })}
          onDone={() => {
            setOpened(undefined);
            void retention.refetch();
          }}
        />
      )}
    </section>
  );
}

interface ColumnsRequest {
  readonly names: ReadonlyMap<string, string>;
  readonly mayChange: boolean;
  readonly onChange: (dataClass: DataClass) => void;
}

const columnsOf = (request: ColumnsRequest): readonly Column<DataClass>[] => [
  ...factsOf(request),
  ...(request.mayChange ? [changeColumn(request)] : []),
];

const factsOf = ({ names }: ColumnsRequest): readonly Column<DataClass>[] => [
  {
    key: 'title',
    header: 'What',
    isTitle: true,
    cell: ({ title, holds }) => (
      <span className="grid py-1">
        <span className="font-medium">{title}</span>
        <span className="text-sm text-ink-soft">{holds}</span>
      </span>
    ),
  },
  {
    key: 'kept',
    header: 'Kept',
    isWide: true,
    cell: (one) => (
      <span className="grid justify-items-start gap-1 py-1">
        <span className="flex flex-wrap items-center gap-2">
          <span className="sm:whitespace-nowrap">{keptText(one)}</span>
          {one.keepDaysLevel === undefined ? null : <Badge>{levelText(one.keepDaysLevel, names)}</Badge>}
        </span>
        <span className="text-sm text-ink-faint">{boundsText(one)}</span>
      </span>
    ),
  },
  {
    key: 'remains',
    header: 'What stays',
    isWide: true,
    cell: ({ remains }) => <span className="text-sm text-ink-soft">{remains}</span>,
  },
];

const changeColumn = ({ onChange }: ColumnsRequest): Column<DataClass> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (one) =>
    one.changedBy === 'account' ? (
      <Button
        size="small"
        variant="ghost"
        onClick={() => onChange(one)}
        aria-label={`Change how long ${one.title} is kept`}
      >
        Change
      </Button>
    ) : null,
});
