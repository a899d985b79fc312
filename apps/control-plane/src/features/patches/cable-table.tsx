'use client';

import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { isServiceTarget, textsOf } from '@patchbay/domain/hooks/service-target';
import { targetText } from '@patchbay/domain/sessions/told-hook';
import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { CableState } from './cable-facts.tsx';
import { Figures } from './cable-figures.tsx';
import { targetWords, titleOfService } from './known-services.ts';

export interface CableTableProps {
  readonly cables: readonly PatchCable[];
  readonly setFor: (cable: PatchCable) => string;
  readonly mayChange: (cable: PatchCable) => boolean;
  readonly onOpen: (cable: PatchCable) => void;
  readonly onRemove: (cable: PatchCable) => void;
}

/** The drawing as a table: the same cables, with all that can be done to them. */
export function CableTable({ cables, ...rest }: CableTableProps): ReactNode {
  // What a fallback leads to stands with what it stands behind; those that can be changed here come first.
  const rows = cables
    .filter(({ via }) => via === 'main')
    .toSorted(
      (one, other) =>
        Number(other.isEditable) - Number(one.isEditable) ||
        Number(one.isInherited) - Number(other.isInherited) ||
        one.eventType.localeCompare(other.eventType),
    );
  return <Table label="Cables" columns={columnsOf(rest)} rows={rows} rowKey={({ key }) => key} />;
}

const columnsOf = ({
  setFor,
  mayChange,
  onOpen,
  onRemove,
}: Omit<CableTableProps, 'cables'>): readonly Column<PatchCable>[] => [
  {
    key: 'event',
    header: 'Event',
    isTitle: true,
    className: 'py-1.5',
    cell: ({ eventType, from }) => (
      <span className="block">
        <code className="whitespace-nowrap max-sm:whitespace-normal">{from.port}</code>
        <span className="block text-sm font-normal text-ink-faint">
          {from.port === eventType ? 'This account' : titleOfService(from.box)}
        </span>
      </span>
    ),
  },
  {
    key: 'to',
    header: 'Goes to',
    isWide: true,
    className: 'py-1.5',
    cell: (cable) => <Target cable={cable} />,
  },
  {
    key: 'place',
    header: 'Set for',
    cell: (cable) => (
      <span className="whitespace-nowrap text-ink-soft max-sm:whitespace-normal">{setFor(cable)}</span>
    ),
  },
  { key: 'state', header: 'State', cell: (cable) => <CableState cable={cable} /> },
  { key: 'hour', header: 'Last hour', cell: ({ lastHour }) => <Figures figures={lastHour} /> },
  {
    key: 'day',
    header: 'Last day',
    cell: ({ lastDay, flow }) => <Figures figures={lastDay} isBounded={flow.countedSince !== undefined} />,
  },
  {
    key: 'actions',
    header: 'Actions',
    isAction: true,
    isNumber: true,
    cell: (cable) => (
      <span className="flex justify-end gap-1">
        <Button
          size="small"
          variant="ghost"
          onClick={() => onOpen(cable)}
          aria-label={`${mayChange(cable) ? 'Edit' : 'Details of'} the cable of ${cable.eventType} to ${cable.to.box}`}
        >
          {mayChange(cable) ? 'Edit' : 'Details'}
        </Button>
        {mayChange(cable) ? (
          <Button
            size="small"
            variant="ghost"
            onClick={() => onRemove(cable)}
            aria-label={`Remove the cable of ${cable.eventType} to ${cable.to.box}`}
          >
            Remove
          </Button>
        ) : null}
      </span>
    ),
  },
];

function Target({ cable: { to, url, isEditable, flow } }: { readonly cable: PatchCable }): ReactNode {
  const texts = isServiceTarget(url) ? Object.entries(textsOf(url)) : [];
  return (
    <span className="block min-w-0">
      <span className={isEditable ? 'font-medium' : undefined}>{targetWords(to)}</span>
      {texts.map(([name, text]) => (
        <span key={name} className="block wrap-anywhere text-sm text-ink-faint">
          {name} <code>{text}</code>
        </span>
      ))}
      {flow.fallbackUrl === undefined ? null : (
        <span className="block text-sm text-ink-faint">else {targetText(flow.fallbackUrl)}</span>
      )}
    </span>
  );
}
