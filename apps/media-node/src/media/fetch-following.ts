import type { SafeResponse, SendSafely } from '@patchbay/adapters/outgoing/safe-request';

const REDIRECTS_MAX = 3;

/** Fetches what a customer refers to, over three redirects at most; each address is looked at by `fetch` as the first is. */
export async function fetchFollowing(
  from: string,
  { fetch, headers }: { readonly fetch: SendSafely; readonly headers: Readonly<Record<string, string>> },
): Promise<{ readonly url: string; readonly answer: SafeResponse }> {
  let url = from;
  for (let redirectCount = 0; ; redirectCount++) {
    const answer = await fetch({ url, method: 'GET', body: '', headers });
    const next =
      answer.error === 'redirect' ? URL.parse(answer.headers?.location ?? '', url)?.href : undefined;
    if (next === undefined || redirectCount >= REDIRECTS_MAX) return { url, answer };
    url = next;
  }
}

export const whyOf = ({ error, status }: SafeResponse): string =>
  error === 'status' ? `status ${status}` : (error ?? 'it is empty');
