/** Of a request for a page: the nonce of its answer. What a client writes there is replaced. */
export const NONCE_HEADER = 'x-nonce';

/**
 * What a page may load and whom it may talk to (C42). Next writes small scripts of its own into each page: they carry a
 * nonce, which is another one in every answer, and what they load is trusted through them. Any other script in a page is
 * not run, and no style element of anybody else holds. The style attribute of an element may be anything: it is about that
 * element alone, selects nothing, and components write it on the server. Turbopack's hot reload needs eval, a WebSocket and
 * styles of its own.
 * @param nonce of a page. Without one there is no script at all: the answer is data.
 */
export function contentSecurityPolicy({
  nonce,
  isDevelopment,
}: {
  readonly nonce?: string;
  readonly isDevelopment: boolean;
}): string {
  const scripts =
    nonce === undefined
      ? "'none'"
      : `'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ''}`;
  const styles = isDevelopment ? " 'unsafe-inline'" : nonce === undefined ? '' : ` 'nonce-${nonce}'`;
  return [
    "default-src 'self'",
    `script-src ${scripts}`,
    `style-src 'self'${styles}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
