import { minorUnitOf } from '@patchbay/domain/billing/money';
import { Button } from '@patchbay/ui/button';
import { Stat } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { FileText } from 'lucide-react';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';
import { showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { showMinorUnits } from '../documents/printed-document.ts';
import { downloadBytes } from '../download/download.ts';
import { ExportMenu } from '../money/export-menu.tsx';
import { problemOf } from '../problem/problem.ts';
import { useAccountId } from '../shell/account.ts';

type Month = Outputs['collectedTaxes']['list']['items'][number];
type Sum = 'paidTaxMinorUnits' | 'passedOnMinorUnits' | 'setOffMinorUnits' | 'heldMinorUnits';

const REFRESH_MS = 10_000;

/** What was paid as tax on invoices in the name of the account, by month, with the document of each for its books. */
export function CollectedTaxes(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery(
    trpc.collectedTaxes.list.queryOptions({ accountId }, { refetchInterval: REFRESH_MS }),
  );
  const items = list.data?.items ?? [];
  const [last, first] = [items[0]?.period, items.at(-1)?.period];
  if (first === undefined || last === undefined) return null;
  return (
    <section aria-labelledby="collected-taxes" className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid gap-1">
          <h2 id="collected-taxes" className="font-medium">
            Tax collected in your name
          </h2>
          <p className="max-w-prose text-ink-soft">
            It stands on invoices that you sell by, and is yours to declare. It is passed on as soon as it is
            paid.
          </p>
        </div>
        <ExportMenu what="collected-taxes" from={first} to={last} />
      </div>
      {[...Map.groupBy(items, ({ currency }) => currency)].map(([currency, ofCurrency]) => (
        <Sums key={currency} currency={currency} items={ofCurrency} />
      ))}
      <Table
        label="Tax collected in your name"
        columns={columnsOf(items)}
        rows={items}
        rowKey={({ period, currency }) => `${period} ${currency}`}
      />
    </section>
  );
}

function Sums({
  currency,
  items,
}: {
  readonly currency: string;
  readonly items: readonly Month[];
}): ReactNode {
  const total = (of: Sum) =>
    items.reduce((sum, month) => sum + BigInt(month[of]), 0n) * minorUnitOf(currency);
  const figures = [
    ['Paid as tax', total('paidTaxMinorUnits'), 'on invoices in your name'],
    ['Passed on', total('passedOnMinorUnits'), 'to your account at Stripe'],
    ['Held', total('heldMinorUnits'), 'until it can be sent'],
  ] as const;
  return (
    <div className="grid gap-x-10 gap-y-4 border-y py-3 sm:grid-cols-3">
      {figures.map(([label, amount, note]) => (
        <Stat key={label} label={label} value={showMoney(amount, currency)} unit={currency} note={note} />
      ))}
    </div>
  );
}

const columnsOf = (items: readonly Month[]): readonly Column<Month>[] => [
  { key: 'period', header: 'Month', isTitle: true, cell: ({ period }) => showPeriod(period) },
  sumColumn('paidTaxMinorUnits', 'Paid as tax'),
  // Few give credit that others use.
  ...(items.some(({ setOffMinorUnits }) => setOffMinorUnits !== '0')
    ? [sumColumn('setOffMinorUnits', 'Kept for credit given')]
    : []),
  sumColumn('passedOnMinorUnits', 'Passed on'),
  sumColumn('heldMinorUnits', 'Held'),
  {
    key: 'document',
    header: 'Document',
    cell: ({ period, currency }) => <TaxDocument period={period} currency={currency} />,
  },
];

const sumColumn = (of: Sum, header: string): Column<Month> => ({
  key: of,
  header,
  isNumber: true,
  cell: (month) => (
    <span className="whitespace-nowrap" title={month.failure}>
      {showMinorUnits(month[of], month.currency)} <span className="text-ink-faint">{month.currency}</span>
    </span>
  ),
});

function TaxDocument({ period, currency }: Pick<Month, 'period' | 'currency'>): ReactNode {
  const trpc = useTRPC();
  const client = useQueryClient();
  const accountId = useAccountId();
  const say = useToast();
  const printed = useMutation({
    mutationFn: () =>
      client.fetchQuery(
        trpc.collectedTaxes.getPdf.queryOptions({ accountId, period, currency }, { staleTime: 0, gcTime: 0 }),
      ),
    onSuccess: ({ fileName, ...file }) => downloadBytes(fileName, file),
    onError: (error) =>
      say({ title: 'It could not be printed.', detail: problemOf(error).detail ?? '', tone: 'fail' }),
  });
  return (
    <Button
      size="small"
      isPending={printed.isPending}
      onClick={() => printed.mutate()}
      aria-label={`PDF of ${showPeriod(period)}`}
    >
      <FileText aria-hidden />
      PDF
    </Button>
  );
}
