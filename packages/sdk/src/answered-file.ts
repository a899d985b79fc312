/** An answer that is a file of any length. It is read once: as a stream while it comes, or as one text. */
export interface AnsweredFile {
  /** Such as `text/csv`. */
  readonly mediaType: string;
  readonly stream: ReadableStream<Uint8Array>;
  /** All of it, in memory. Rejects where the transfer broke off: a file that ends early is no whole one. */
  text(): Promise<string>;
  /** The same of what is no text, such as a sound. */
  bytes(): Promise<Uint8Array>;
}

export function fileOf(response: Response): AnsweredFile {
  const [mediaType = ''] = (response.headers.get('content-type') ?? '').split(';');
  return {
    mediaType,
    get stream() {
      return response.body ?? new ReadableStream({ start: (empty) => empty.close() });
    },
    text: () => response.text(),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
  };
}
