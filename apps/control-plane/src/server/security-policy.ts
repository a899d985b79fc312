/**
 * What a page may load and whom it may talk to (C42). Next writes small scripts of its own into each page: they carry a
 * nonce, which is another one in every answer, and what they load is trusted through them. Any other script in a page is
 * not run. Styles of elements may be inline, for they run nothing; Turbopack's hot reload needs eval and a WebSocket.
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
  return [
    "default-src 'self'",
    `script-src ${scripts}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
