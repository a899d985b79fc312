/** One page of a list. No cursor: it was the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** A list that fetches its pages while it is read: `for await (const account of pb.accounts.list())`. */
export interface List<Item> extends AsyncIterable<Item> {
  /** Only the page at which the request stands. */
  page(): Promise<Page<Item>>;
  /** All items, up to `countMax`: a list may be longer than memory. */
  toArray(limits: { readonly countMax: number }): Promise<Item[]>;
}

/** Builds a list over a function that fetches one page. Nothing is fetched before it is read. */
export function createList<Item>(fetchPage: (cursor: string | undefined) => Promise<Page<Item>>): List<Item> {
  async function* items(): AsyncGenerator<Item> {
    let cursor: string | undefined;
    do {
      const page = await fetchPage(cursor);
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return {
    [Symbol.asyncIterator]: items,
    page: () => fetchPage(undefined),
    toArray: async ({ countMax }) => {
      const all: Item[] = [];
      if (countMax < 1) return all;
      for await (const item of items()) if (all.push(item) >= countMax) break;
      return all;
    },
  };
}
