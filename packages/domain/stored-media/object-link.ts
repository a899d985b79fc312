/** How long a link to a stored file works. */
export const OBJECT_LINK_LIFETIME_MS = 60 * 60_000;

/** Where stored files are read by a link, as the document of the API writes it. */
export const OBJECT_PATH = '/api/media/{objectId}';

/** A file of an account, for whoever holds the link until it is over. */
export interface ObjectLink {
  readonly accountId: string;
  readonly objectId: string;
  readonly expiresMs: number;
}

/** What a link's signature is over: the method and all that it leads to, so that it opens nothing else. */
export const objectLinkText = ({ accountId, objectId, expiresMs }: ObjectLink): string =>
  ['GET', 'media', accountId, objectId, String(expiresMs)].join('\n');

export const objectLinkPath = ({ accountId, objectId, expiresMs }: ObjectLink, signature: string): string =>
  `${OBJECT_PATH.replace('{objectId}', objectId)}?${new URLSearchParams({ account: accountId, expires: String(expiresMs), signature })}`;

/** The link that an address is, as far as it is one; nothing of it is proven. */
export function objectLinkFrom(address: URL): (ObjectLink & { readonly signature: string }) | undefined {
  const objectId = address.pathname.split('/').at(-1) ?? '';
  const accountId = address.searchParams.get('account');
  const signature = address.searchParams.get('signature');
  const expires = address.searchParams.get('expires') ?? '';
  if (accountId === null || signature === null || !/^\d{1,15}$/.test(expires)) return undefined;
  return { accountId, objectId, expiresMs: Number(expires), signature };
}
