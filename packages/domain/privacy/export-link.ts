/** How long a link to an export works (C52). */
export const EXPORT_LINK_LIFETIME_MS = 10 * 60_000;
/** How long an export is kept. */
export const EXPORT_KEPT_DAYS = 7;

/** Where archives are read, as the document of the API writes it. */
export const EXPORT_PATH = '/api/exports/{exportId}';

export interface ExportLink {
  readonly accountId: string;
  readonly exportId: string;
  readonly expiresMs: number;
}

/** What a link's signature is over: the method and all that it leads to, so that it opens nothing else. */
export const linkText = ({ accountId, exportId, expiresMs }: ExportLink): string =>
  ['GET', 'export', accountId, exportId, String(expiresMs)].join('\n');

export const linkPath = ({ accountId, exportId, expiresMs }: ExportLink, signature: string): string =>
  `${EXPORT_PATH.replace('{exportId}', exportId)}?${new URLSearchParams({ account: accountId, expires: String(expiresMs), signature })}`;

/** The link that an address is, as far as it is one; nothing of it is proven. */
export function linkFrom(address: URL): (ExportLink & { readonly signature: string }) | undefined {
  const exportId = address.pathname.split('/').at(-1) ?? '';
  const accountId = address.searchParams.get('account');
  const signature = address.searchParams.get('signature');
  const expiresMs = Number(address.searchParams.get('expires'));
  if (accountId === null || signature === null || !Number.isSafeInteger(expiresMs)) return undefined;
  return { accountId, exportId, expiresMs, signature };
}
