'use client';

import { Badge } from '@patchbay/ui/badge';
import { type Column, Table } from '@patchbay/ui/table';
import { ChevronRight, Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Explained, levelText, settingLabel, valueText } from './setting-words.ts';

type Names = ReadonlyMap<string, string>;

/** What holds, and how it came to it: the word of every level from the top down (POL-2). */
export function EffectiveLevels({
  effective,
  names,
}: {
  readonly effective: readonly Explained[];
  readonly names: Names;
}): ReactNode {
  return (
    <Table
      label="What holds here"
      columns={columnsOf(names)}
      rows={effective}
      rowKey={({ setting }) => setting}
    />
  );
}

const columnsOf = (names: Names): readonly Column<Explained>[] => [
  {
    key: 'setting',
    header: 'Setting',
    isTitle: true,
    width: 'w-56',
    cell: ({ setting, lockedBy }) => (
      <span className="inline-flex items-center gap-1.5">
        {settingLabel(setting)}
        {lockedBy === undefined ? null : (
          <Badge icon={<Lock aria-hidden />} title={`Locked by ${levelText(lockedBy, names)}`}>
            locked
          </Badge>
        )}
      </span>
    ),
  },
  {
    key: 'value',
    header: 'Holds',
    width: 'w-64',
    cell: ({ setting, value }) => (
      <span className="font-medium tabular-nums">{valueText(setting, value)}</span>
    ),
  },
  {
    key: 'levels',
    header: 'What each level wants, from the top down',
    isWide: true,
    cell: (explained) => <Levels explained={explained} names={names} />,
  },
];

const verdicts = {
  held: 'holds, until a level below narrows it',
  wider: 'allows more than holds',
  locked: 'is locked above',
};

function Levels({ explained, names }: { readonly explained: Explained; readonly names: Names }): ReactNode {
  const { setting, wanted, origin } = explained;
  return (
    <ol className="flex flex-wrap items-center gap-x-1 gap-y-1 py-1.5">
      {wanted.map((one, index) => {
        const isSource = JSON.stringify(one.origin) === JSON.stringify(origin) && one.verdict === 'held';
        return (
          <li key={wanted.indexOf(one)} className="inline-flex min-w-0 items-center gap-1">
            {index === 0 ? null : <ChevronRight className="size-3.5 shrink-0 text-ink-faint" aria-hidden />}
            <Badge
              mayWrap
              tone={isSource ? 'accent' : 'neutral'}
              title={`${levelText(one.origin, names)} ${verdicts[one.verdict]}`}
            >
              <span className="font-normal">{levelText(one.origin, names)}</span>
              <span className={one.verdict === 'held' ? undefined : 'line-through'}>
                {valueText(setting, one.value)}
              </span>
            </Badge>
          </li>
        );
      })}
    </ol>
  );
}
