import { type UsageLine, usageCsvHead, usageCsvLine } from '@patchbay/kit/csv';
import { meterCatalogue } from '@patchbay/services/meters.generated';
import { servePagedFile } from './paged-file.ts';

const PAGE_ROWS = 10_000;

const units: ReadonlyMap<string, { readonly unit: string }> = new Map(Object.entries(meterCatalogue));
const unitOf = (meter: string): string => units.get(meter)?.unit ?? 'count';

/** Usage as CSV (MET-5): what `usage.query` answers, all of it. */
export function serveUsageCsv(
  request: Request,
  rest: (page: Request) => Promise<Response>,
): Promise<Response> {
  const groupNames = (new URL(request.url).searchParams.get('groupBy') ?? '').split(',').filter(Boolean);
  return servePagedFile<UsageLine>(request, rest, {
    ending: 'csv',
    fileName: 'usage.csv',
    contentType: 'text/csv; charset=utf-8; header=present',
    pageRows: PAGE_ROWS,
    head: usageCsvHead(groupNames),
    textOf: (rows) => rows.map((row) => usageCsvLine(row, { groupNames, unit: unitOf(row.meter) })).join(''),
    tail: '',
  });
}
