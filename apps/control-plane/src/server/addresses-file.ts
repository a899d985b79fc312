import type { PublishedAddress } from '@patchbay/domain/fleet/published-address';
import { csvLine } from '@patchbay/kit/csv';

type Format = 'csv' | 'txt';

const types: Readonly<Record<Format, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  txt: 'text/plain; charset=utf-8',
};

/** What `platform.addresses` answers as a file for firewall rules: all of it, or each host once (ACC-9). */
export async function serveAddresses(
  request: Request,
  format: Format,
  rest: (request: Request) => Promise<Response>,
): Promise<Response> {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(/\.\w+$/, '');
  const answer = await rest(new Request(url, { headers: request.headers, signal: request.signal }));
  if (!answer.ok) return answer;
  const { items } = (await answer.json()) as { readonly items: readonly PublishedAddress[] };
  const headers = new Headers(answer.headers);
  headers.set('content-type', types[format]);
  headers.delete('content-length');
  return new Response(format === 'csv' ? csvOf(items) : hostsOf(items), { headers });
}

const csvOf = (items: readonly PublishedAddress[]): string =>
  [
    csvLine(['role', 'use', 'region', 'transport', 'host', 'port_min', 'port_max']),
    ...items.map(({ role, use, region = '', transport, host, portMin, portMax }) =>
      csvLine([role, use, region, transport, host, String(portMin), String(portMax)]),
    ),
  ].join('');

const hostsOf = (items: readonly PublishedAddress[]): string =>
  [...new Set(items.map(({ host }) => `${host}\n`))].join('');
