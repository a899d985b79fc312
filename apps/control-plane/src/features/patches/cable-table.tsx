'use client';

import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { textsOf } from '@patchbay/domain/hooks/service-target';
import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { CableState } from './cable-facts.tsx';
import { Figures } from './cable-figures.tsx';
import { titleOfService } from './known-services.ts';

export interface CableTableProps {
  readonly cables: readonly PatchCable[];
  readonly setFor: (cable: PatchCable) => string;
  readonly mayChange: (cable: PatchCable) => boolean;
  readonly onOpen: (cable: PatchCable) => void;
  readonly onRemove: (cable: PatchCable) => void;
}

/** The drawing as a table: the same cables, with all that can be done to them. */
export function CableTable({ cables, ...rest }: CableTableProps): ReactNode {
  return <Table label="Cables" columns={columnsOf(rest)} rows={cables} rowKey={({ key }) => key} />;
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
    cell: ({ eventType }) => <code className="wrap-anywhere">{eventType}</code>,
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
    cell: (cable) => <span className="text-ink-soft">{setFor(cable)}</span>,
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
          aria-label={`${mayChange(cable) ? 'Edit' : 'Look at'} the cable of ${cable.eventType} to ${cable.to.box}`}
        >
          {mayChange(cable) ? 'Edit' : 'Look'}
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

function Target({ cable: { to, url, via, isEditable } }: { readonly cable: PatchCable }): ReactNode {
  const [kind = '', host] = to.box.split(' ');
  const texts = host === undefined ? Object.entries(textsOf(url)) : [];
  return (
    <span className="block min-w-0">
      <span className={isEditable ? 'font-medium' : undefined}>
        {host === undefined ? `${titleOfService(kind)}: ${to.port}` : host}
      </span>
      {via === 'fallback' ? <span className="text-ink-faint"> as a fallback</span> : null}
      {texts.map(([name, text]) => (
        <span key={name} className="block truncate text-sm text-ink-faint" title={text}>
          {name} <code>{text}</code>
        </span>
      ))}
    </span>
  );
}
