import { type UsageLine, usageCsvHead, usageCsvLine } from '@patchbay/kit/csv';
import { meterCatalogue } from '@patchbay/services/meters.generated';

/** Rows that are in memory at once, however long the file. */
const PAGE_ROWS = 10_000;

interface Page {
  readonly rows: readonly UsageLine[];
  readonly nextAfter?: string;
}

const units: ReadonlyMap<string, { readonly unit: string }> = new Map(Object.entries(meterCatalogue));

/**
 * Usage as CSV (MET-5): what `usage.query` answers, page after page, as it is read. Each page is a request like any other,
 * with the key, the scope and the limits of its caller, so that nothing is exported that could not be read. A page that is
 * refused on the way breaks the transfer off: a file that ends early must not look like a whole one.
 */
export async function serveUsageCsv(
  request: Request,
  rest: (page: Request) => Promise<Response>,
): Promise<Response> {
  const address = new URL(request.url);
  address.pathname = address.pathname.replace(/\.csv$/, '');
  address.searchParams.set('limit', String(PAGE_ROWS));
  const groupNames = (address.searchParams.get('groupBy') ?? '').split(',').filter(Boolean);
  const ask = (after: string | undefined) => {
    const url = new URL(address);
    if (after !== undefined) url.searchParams.set('after', after);
    return rest(new Request(url, { headers: request.headers, signal: request.signal }));
  };
  const first = await ask(undefined);
  if (!first.ok) return first;
  let page: Page | undefined = await first.json();
  const text = new TextEncoder();
  const lines = new ReadableStream<Uint8Array>({
    start: (file) => file.enqueue(text.encode(usageCsvHead(groupNames))),
    async pull(file) {
      if (page === undefined) return file.close();
      const { rows, nextAfter } = page;
      const unitOf = (meter: string) => units.get(meter)?.unit ?? 'count';
      const part = rows.map((row) => usageCsvLine(row, { groupNames, unit: unitOf(row.meter) })).join('');
      if (part !== '') file.enqueue(text.encode(part));
      page = nextAfter === undefined ? undefined : await next(ask(nextAfter));
      if (page === undefined) file.close();
    },
  });
  const headers = new Headers(first.headers);
  headers.set('content-type', 'text/csv; charset=utf-8; header=present');
  headers.set('content-disposition', 'attachment; filename="usage.csv"');
  headers.delete('content-length');
  return new Response(lines, { headers });
}

async function next(answer: Promise<Response>): Promise<Page> {
  const response = await answer;
  if (response.ok) return await response.json();
  const { code } = await response.json();
  throw new Error(`The export was broken off: ${code}.`);
}
