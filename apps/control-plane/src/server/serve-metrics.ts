interface Measures {
  readonly items: readonly { readonly name: string; readonly title: string; readonly value: number }[];
}

/**
 * What `measures.list` answers at the platform's own account, in the text that Prometheus reads: with a key of that account, and
 * for nobody else.
 */
export async function serveMetrics(
  request: Request,
  rest: (asked: Request) => Promise<Response>,
): Promise<Response> {
  const ask = (path: string) => rest(new Request(new URL(path, request.url), { headers: request.headers }));
  const caller = await ask('/v1/me');
  if (!caller.ok) return caller;
  const { accounts } = (await caller.json()) as { readonly accounts: readonly { readonly id: string }[] };
  // A key has its own account first.
  const answer = await ask(`/v1/accounts/${accounts[0]?.id}/measures`);
  if (!answer.ok) return answer;
  const { items } = (await answer.json()) as Measures;
  const lines = items.flatMap(({ name, title, value }) => {
    const metric = metricOf(name);
    return [`# HELP ${metric} ${title}.`, `# TYPE ${metric} gauge`, `${metric} ${value}`];
  });
  return new Response(`${lines.join('\n')}\n`, {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** `usage.lagP99Ms` is `patchbay_usage_lag_p99_ms`. */
const metricOf = (name: string): string =>
  `patchbay_${name.replace('.', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
