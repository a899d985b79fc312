/** How the rows of an answer that comes in parts become one file. */
export interface FileForm<Row> {
  /** Without its dot, as the address ends. */
  readonly ending: string;
  readonly fileName: string;
  readonly contentType: string;
  /** Rows that are in memory at once, however long the file. */
  readonly pageRows: number;
  readonly head: string;
  textOf(rows: readonly Row[], place: { readonly isFirst: boolean }): string;
  readonly tail: string;
}

interface Part<Row> {
  readonly rows: readonly Row[];
  readonly nextAfter?: string;
}

/**
 * What an operation answers, part after part, as one file while it is read. Each part is a request like any other, with the
 * key, the scope and the limits of its caller, so that nothing is exported that could not be read. A part that is refused on
 * the way breaks the transfer off: a file that ends early must not look like a whole one.
 */
export async function servePagedFile<Row>(
  request: Request,
  rest: (page: Request) => Promise<Response>,
  form: FileForm<Row>,
): Promise<Response> {
  const address = new URL(request.url);
  address.pathname = address.pathname.slice(0, -`.${form.ending}`.length);
  address.searchParams.set('limit', String(form.pageRows));
  const ask = (after: string | undefined) => {
    const url = new URL(address);
    if (after !== undefined) url.searchParams.set('after', after);
    return rest(new Request(url, { headers: request.headers, signal: request.signal }));
  };
  const first = await ask(undefined);
  if (!first.ok) return first;
  let part: Part<Row> | undefined = await first.json();
  let isFirst = true;
  const text = new TextEncoder();
  const write = (file: ReadableStreamDefaultController<Uint8Array>, of: string) => {
    if (of !== '') file.enqueue(text.encode(of));
  };
  const lines = new ReadableStream<Uint8Array>({
    start: (file) => write(file, form.head),
    // Until something is written: what writes nothing is not asked again.
    async pull(file) {
      for (let isWritten = false; part !== undefined && !isWritten; ) {
        const { rows, nextAfter } = part;
        write(file, form.textOf(rows, { isFirst }));
        isWritten = rows.length > 0;
        isFirst &&= !isWritten;
        part = nextAfter === undefined ? undefined : await next(ask(nextAfter));
      }
      if (part !== undefined) return;
      write(file, form.tail);
      file.close();
    },
  });
  const headers = new Headers(first.headers);
  headers.set('content-type', form.contentType);
  headers.set('content-disposition', `attachment; filename="${form.fileName}"`);
  headers.delete('content-length');
  return new Response(lines, { headers });
}

async function next<Row>(answer: Promise<Response>): Promise<Part<Row>> {
  const response = await answer;
  if (response.ok) return await response.json();
  const { code } = await response.json();
  throw new Error(`The export was broken off: ${code}.`);
}
