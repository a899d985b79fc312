import { setTimeout } from 'node:timers/promises';

/** How the rows of an answer that comes in parts become one file. */
export interface FileForm<Row> {
  /** Without its dot, as the address ends. */
  readonly ending: string;
  readonly fileName: string;
  readonly contentType: string;
  /** Rows that are in memory at once, however long the file. */
  readonly pageRows: number;
  /** Fields of one question after another, where a single one may not ask for all of it. Default: what was asked. */
  readonly questions?: Iterable<Readonly<Record<string, string>>>;
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
  const ask = (more: Readonly<Record<string, string>>) => {
    const url = new URL(address);
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return rest(new Request(url, { headers: request.headers, signal: request.signal }));
  };
  const questions = (form.questions ?? [{}])[Symbol.iterator]();
  let question: Readonly<Record<string, string>> = questions.next().value ?? {};
  const first = await ask(question);
  if (!first.ok) return first;
  let part: Part<Row> | undefined = await first.json();
  let isFirst = true;
  let isCancelled = false;
  const text = new TextEncoder();
  const write = (file: ReadableStreamDefaultController<Uint8Array>, of: string) => {
    if (of !== '') file.enqueue(text.encode(of));
  };
  /** Behind a part: what is left of its question, or the next question. */
  const behind = async ({ nextAfter }: Part<Row>): Promise<Part<Row> | undefined> => {
    if (nextAfter !== undefined)
      return await next(() => ask({ ...question, after: nextAfter }), request.signal);
    const following = questions.next();
    if (following.done === true) return undefined;
    question = following.value;
    return await next(() => ask(question), request.signal);
  };
  const lines = new ReadableStream<Uint8Array>({
    start: (file) => write(file, form.head),
    // Until something is written: what writes nothing is not asked again.
    async pull(file) {
      for (let isWritten = false; part !== undefined && !isWritten; ) {
        const { rows } = part;
        write(file, form.textOf(rows, { isFirst }));
        isWritten = rows.length > 0;
        isFirst &&= !isWritten;
        const following: Part<Row> | undefined = await behind(part);
        if (isCancelled) return;
        part = following;
      }
      if (part !== undefined) return;
      write(file, form.tail);
      file.close();
    },
    // Who reads went away: what would be asked next is for nobody.
    cancel() {
      isCancelled = true;
    },
  });
  const headers = new Headers(first.headers);
  headers.set('content-type', form.contentType);
  headers.set('content-disposition', `attachment; filename="${form.fileName}"`);
  headers.delete('content-length');
  return new Response(lines, { headers });
}

/** A file of many parts comes as fast as the rate of its caller lets it. Longer than this nobody waits for a line. */
const WAIT_SECONDS_MAX = 30;

async function next<Row>(ask: () => Promise<Response>, signal: AbortSignal): Promise<Part<Row>> {
  for (;;) {
    const response = await ask();
    if (response.ok) return await response.json();
    const waitSeconds = Number(response.headers.get('retry-after') ?? Number.POSITIVE_INFINITY);
    const { code } = await response.json();
    if (response.status !== 429 || !(waitSeconds <= WAIT_SECONDS_MAX))
      throw new Error(`The export was broken off: ${code}.`);
    await setTimeout(waitSeconds * 1_000, undefined, { signal });
  }
}
