import { type DataClassName, dataClassNames, dataClassOf } from '@patchbay/domain/privacy/data-classes';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { boundsText, keptText, storageText } from './privacy-words.ts';

export interface FactsPageProps {
  /** In which regions the storage is, as the operator declares. */
  readonly storageRegions: readonly string[];
}

/** What the platform keeps about people, read from the one table that retention, exports and erasures go by (PRD-4). */
export function FactsPage({ storageRegions }: FactsPageProps): ReactNode {
  return (
    <main className="mx-auto max-w-5xl px-4 py-10">
      <h1 className="text-lg font-semibold tracking-tight">What is kept about people</h1>
      <p className="mt-3 max-w-prose">
        Everything that is stored is in one of these classes. An account sets for how long a class is kept,
        within the bounds of the accounts above it; takes all of it along as an export; and has a person
        erased from it, while its sums stay what they were. What holds for an account stands in its dashboard,
        under Privacy.
      </p>
      <h2 className="mt-6 font-semibold">Where it is kept</h2>
      <p className="mt-2 max-w-prose">
        Storage: {storageText(storageRegions)} An account, or one above it, has its data kept in regions of
        its choice by its policy. Then no node elsewhere serves it, its credentials name no relay elsewhere,
        and its webhooks are told by no process elsewhere. A region that the storage is not in is refused. A
        node elsewhere that somebody comes to all the same refuses them, and hands in that it did.
      </p>
      <div className="mt-6">
        <Table label="Classes of data" columns={columns} rows={dataClassNames} rowKey={(name) => name} />
      </div>
    </main>
  );
}

const columns: readonly Column<DataClassName>[] = [
  {
    key: 'title',
    header: 'What',
    isTitle: true,
    cell: (name) => (
      <span className="grid py-1">
        <span className="font-medium">{dataClassOf(name).title}</span>
        <span className="text-sm text-ink-soft">{dataClassOf(name).holds}</span>
      </span>
    ),
  },
  { key: 'kept', header: 'Kept', isWide: true, cell: (name) => <Kept name={name} /> },
  {
    key: 'remains',
    header: 'What stays',
    isWide: true,
    cell: (name) => <span className="text-sm text-ink-soft">{dataClassOf(name).remains}</span>,
  },
  {
    key: 'elsewhere',
    header: 'Besides the storage',
    isWide: true,
    cell: (name) => (
      <span className="text-sm text-ink-soft">{dataClassOf(name).elsewhere ?? 'Nowhere.'}</span>
    ),
  },
  {
    key: 'export',
    header: 'In an export',
    isWide: true,
    cell: (name) => <span className="text-sm text-ink-soft">{exportedText(name)}</span>,
  },
];

function Kept({ name }: { readonly name: DataClassName }): ReactNode {
  const { kept } = dataClassOf(name);
  if (typeof kept === 'string') return <span className="text-sm text-ink-soft">{kept}</span>;
  const { defaultDays, minDays, maxDays, minWhy, changedBy } = kept;
  return (
    <span className="grid gap-0.5 py-1">
      <span className="whitespace-nowrap">{keptText({ keepDays: defaultDays })}</span>
      <span className="text-sm text-ink-faint">
        {changedBy === 'account' ? 'Set by the account, ' : 'Set by the operator, '}
        {boundsText({ keepDaysMin: minDays, keepDaysMax: maxDays })}. {minWhy}
      </span>
    </span>
  );
}

function exportedText(name: DataClassName): string {
  const { notExportedWhy } = dataClassOf(name);
  return notExportedWhy === undefined ? 'Yes.' : `No. ${notExportedWhy}`;
}
