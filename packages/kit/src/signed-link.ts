/** A link that opens one thing of an account, for whoever holds it until it is over. */
export interface SignedLink {
  readonly accountId: string;
  /** Of what it opens. */
  readonly id: string;
  readonly expiresMs: number;
}

export interface LinkForm {
  /** What it opens, as its signature is over it: no link of one use is one of another. */
  readonly use: string;
  /** As the document of the API writes it, with the name of the id in braces at its end. */
  readonly path: string;
  /** What it may be asked with. Default: GET. */
  readonly method?: 'GET' | 'POST' | 'PUT';
}

/** How links of one use are written, signed and read. */
export function linksOf({ use, path, method = 'GET' }: LinkForm) {
  return {
    /** What a signature is over: the method and all that the link leads to, so that it opens nothing else. */
    textOf: ({ accountId, id, expiresMs }: SignedLink): string =>
      [method, use, accountId, id, String(expiresMs)].join('\n'),

    pathOf: ({ accountId, id, expiresMs }: SignedLink, signature: string): string =>
      `${path.replace(/\{\w+\}$/, id)}?${new URLSearchParams({ account: accountId, expires: String(expiresMs), signature })}`,

    /** The link that an address is, as far as it is one; nothing of it is proven. */
    from(address: URL): (SignedLink & { readonly signature: string }) | undefined {
      const id = address.pathname.split('/').at(-1) ?? '';
      const accountId = address.searchParams.get('account');
      const signature = address.searchParams.get('signature');
      const expires = address.searchParams.get('expires') ?? '';
      if (accountId === null || signature === null || !/^\d{1,15}$/.test(expires)) return undefined;
      return { accountId, id, expiresMs: Number(expires), signature };
    },
  };
}
