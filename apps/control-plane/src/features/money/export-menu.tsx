'use client';

import { collectedTaxColumns } from '@patchbay/domain/billing/collected-tax-rows';
import { ledgerColumns, statementColumns } from '@patchbay/domain/billing/export-rows';
import { csvLine, csvOfRows } from '@patchbay/kit/csv';
import { Button } from '@patchbay/ui/button';
import { Menu, MenuItem } from '@patchbay/ui/menu';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { downloadText } from '../download/download.ts';
import { useAccountId } from '../shell/account.ts';

const PAGE_ROWS = 10_000;
const columns = {
  ledger: ledgerColumns,
  statements: statementColumns,
  'collected-taxes': collectedTaxColumns,
} as const;
type Row = Readonly<Record<string, string>>;
type Form = 'csv' | 'json';

export interface ExportMenuProps {
  readonly what: keyof typeof columns;
  /** The first month, and the last. */
  readonly from: string;
  readonly to: string;
}

/** Everything of these months as a file, whatever of it the page shows. */
export function ExportMenu({ what, from, to }: ExportMenuProps): ReactNode {
  const trpc = useTRPC();
  const client = useQueryClient();
  const accountId = useAccountId();
  const say = useToast();
  const exported = useMutation({
    mutationFn: async (form: Form) => {
      const rows = await allRows((after) => {
        const input = { accountId, from, to, limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) };
        const options = { staleTime: 0, gcTime: 0 };
        switch (what) {
          case 'ledger':
            return client.fetchQuery(trpc.ledger.export.queryOptions(input, options));
          case 'statements':
            return client.fetchQuery(trpc.statements.export.queryOptions(input, options));
          case 'collected-taxes':
            return client.fetchQuery(trpc.collectedTaxes.export.queryOptions(input, options));
        }
      });
      return { form, rows };
    },
    onSuccess: ({ form, rows }) =>
      downloadText(
        `${what}-${from === to ? from : `${from}-to-${to}`}.${form}`,
        textOf(rows, { what, form }),
        {
          mediaType: mediaTypes[form],
        },
      ),
    onError: (error) => say({ title: 'The export failed.', detail: error.message, tone: 'fail' }),
  });
  return (
    <Menu
      trigger={
        <Button isPending={exported.isPending}>
          <Download aria-hidden />
          Export
        </Button>
      }
    >
      <MenuItem onSelect={() => exported.mutate('csv')}>CSV</MenuItem>
      <MenuItem onSelect={() => exported.mutate('json')}>JSON</MenuItem>
    </Menu>
  );
}

const mediaTypes: Readonly<Record<Form, string>> = { csv: 'text/csv', json: 'application/json' };

const textOf = (rows: readonly Row[], { what, form }: { what: keyof typeof columns; form: Form }): string =>
  form === 'csv'
    ? csvLine(columns[what]) + csvOfRows<string>(columns[what], rows)
    : `${JSON.stringify(rows, undefined, 1)}\n`;

interface Part {
  readonly rows: readonly Row[];
  readonly nextAfter?: string | undefined;
}

async function allRows(ask: (after: string | undefined) => Promise<Part>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let part = await ask(undefined); ; part = await ask(part.nextAfter)) {
    rows.push(...part.rows);
    if (part.nextAfter === undefined) return rows;
  }
}
