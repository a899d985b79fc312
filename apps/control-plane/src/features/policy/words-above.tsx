'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { policyNamesIn } from './policy-draft.ts';
import { type Answer, setterText, settingLabel, valueText } from './setting-words.ts';

type Names = ReadonlyMap<string, string>;
type Said = Answer['fromAbove'][number];

export interface WordsAboveProps {
  readonly answer: Pick<Answer, 'fromAbove' | 'speakerIds' | 'origin'>;
  readonly names: Names;
  /** Goes to the word of one of the accounts that the reader may speak for. */
  readonly onEdit: (accountId: string) => void;
}

/** What each account above set here, the farthest first: the account takes none of it back, and none of them what another set. */
export function WordsAbove({ answer, names, onEdit }: WordsAboveProps): ReactNode {
  const { fromAbove, speakerIds, origin } = answer;
  const columns: readonly Column<Said>[] = [
    {
      key: 'setter',
      header: 'Set by',
      isTitle: true,
      width: 'w-56',
      cell: (said) => setterText(said.origin, names),
    },
    { key: 'words', header: 'What it set', isWide: true, cell: ({ policy }) => <Words policy={policy} /> },
    {
      key: 'edit',
      header: 'Edit',
      isAction: true,
      width: 'w-20',
      cell: ({ origin: { setById } }) =>
        setById === undefined || setById === origin.setById || !speakerIds.includes(setById) ? null : (
          <Button size="small" variant="ghost" onClick={() => onEdit(setById)}>
            Edit
          </Button>
        ),
    },
  ];
  return (
    <section aria-labelledby="above">
      <h2 id="above" className="mb-1 font-semibold">
        Set from above
      </h2>
      <p className="mb-3 text-ink-faint">
        Each account above has a word of its own here, the farthest first. A nearer one narrows what a farther
        one set, and takes back its own alone.
      </p>
      <Table
        label="What accounts above set here"
        columns={columns}
        rows={fromAbove}
        rowKey={(said) => `${fromAbove.indexOf(said)}`}
      />
    </section>
  );
}

function Words({ policy }: { readonly policy: Said['policy'] }): ReactNode {
  const { locked = [] } = policy;
  return (
    <ul className="flex flex-wrap gap-1 py-1.5">
      {policyNamesIn(policy).map((name) => (
        <li key={name}>
          <Badge mayWrap icon={locked.includes(name) ? <Lock aria-label="locked" /> : undefined}>
            <span className="font-normal">{settingLabel(name)}</span>
            {policy[name] === undefined ? null : <span>{valueText(name, policy[name])}</span>}
          </Badge>
        </li>
      ))}
    </ul>
  );
}
