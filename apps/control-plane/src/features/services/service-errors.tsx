import { type ErrorDefinition, errorPagePath } from '@patchbay/kit/errors';
import { Badge } from '@patchbay/ui/badge';
import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import type { ReactNode } from 'react';

export interface ServiceErrorsProps {
  readonly service: string;
  readonly errors: Readonly<Record<string, ErrorDefinition>>;
}

interface Row extends ErrorDefinition {
  readonly code: string;
}

/** What a service may answer instead of serving, and what to do about each. */
export function ServiceErrors({ service, errors }: ServiceErrorsProps): ReactNode {
  const rows = Object.entries(errors).map(([reason, error]) => ({ ...error, code: `${service}.${reason}` }));
  const columns: readonly Column<Row>[] = [
    {
      key: 'code',
      header: 'Code',
      isTitle: true,
      className: 'py-1.5',
      cell: ({ code, title }) => (
        <span className="grid">
          <Link href={errorPagePath(code)} className="font-normal hover:underline">
            <code className="text-sm break-all">{code}</code>
          </Link>
          <span className="text-sm font-normal text-ink-faint">{title}</span>
        </span>
      ),
    },
    {
      key: 'remedy',
      header: 'What to do',
      isWide: true,
      className: 'max-w-md py-1.5',
      cell: ({ remedy }) => <span className="text-pretty text-ink-soft">{remedy}</span>,
    },
    { key: 'owner', header: 'Whose it is', cell: ({ owner }) => <Badge>{owner}</Badge> },
  ];
  return <Table label="Errors" columns={columns} rows={rows} rowKey={({ code }) => code} />;
}
