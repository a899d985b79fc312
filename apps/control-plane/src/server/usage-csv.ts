import { metering } from '@patchbay/domain/metering/definition';
import { usagePieces } from '@patchbay/domain/metering/usage-pieces';
import { type UsageLine, usageCsvHead, usageCsvLine } from '@patchbay/kit/csv';
import { meterCatalogue } from '@patchbay/services/meters.generated';
import { servePagedFile } from './paged-file.ts';

const PAGE_ROWS = 10_000;

const units: ReadonlyMap<string, { readonly unit: string }> = new Map(Object.entries(meterCatalogue));
const unitOf = (meter: string): string => units.get(meter)?.unit ?? 'count';

const range = metering.resources.usage.operations.query.request.pick({
  from: true,
  to: true,
  bucket: true,
  timeZone: true,
});

/** One answer has so many buckets at most, a file as many as there are. A range that is none is asked, and refused, as it is. */
function* questionsOf(asked: URLSearchParams): Generator<{ readonly from?: string; readonly to?: string }> {
  const read = range.safeParse(Object.fromEntries(asked));
  if (!read.success) return yield {};
  const { from, to, bucket, timeZone } = read.data;
  const pieces = usagePieces({ fromMs: Date.parse(from), toMs: Date.parse(to), bucket, timeZone });
  for (const { fromMs, toMs } of pieces)
    yield { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** Usage as CSV (MET-5): what `usage.query` answers, all of it. */
export function serveUsageCsv(
  request: Request,
  rest: (page: Request) => Promise<Response>,
): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  const groupNames = (asked.get('groupBy') ?? '').split(',').filter(Boolean);
  return servePagedFile<UsageLine>(request, rest, {
    ending: 'csv',
    fileName: 'usage.csv',
    contentType: 'text/csv; charset=utf-8; header=present',
    pageRows: PAGE_ROWS,
    questions: questionsOf(asked),
    head: usageCsvHead(groupNames),
    textOf: (rows) => rows.map((row) => usageCsvLine(row, { groupNames, unit: unitOf(row.meter) })).join(''),
    tail: '',
  });
}
