/** One event of a stream of server-sent events (WHATWG HTML §9.2). */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

const LINE_CHARACTERS_MAX = 1_000_000;

/** Parses a stream of server-sent events. Comments, which keep the line open, come as events without data. */
export async function* readEventStream(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<StreamEvent | { readonly id: undefined; readonly data: undefined }> {
  const decoder = new TextDecoder();
  let rest = '';
  let id: string | undefined;
  let data: string[] = [];
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > LINE_CHARACTERS_MAX) throw new Error('A line of the event stream is too long.');
    const lines = rest.split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') };
        data = [];
      } else if (line.startsWith(':')) yield { id: undefined, data: undefined };
      else if (line.startsWith('id:')) id = line.slice(3).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
  }
}
