import type { FailureOwner } from '@patchbay/kit/errors';
import { errorPagePath } from '@patchbay/kit/errors';
import { Badge } from '@patchbay/ui/badge';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { ErrorPage } from './error-pages.ts';

const owners: Readonly<Record<FailureOwner, string>> = {
  client: 'Whoever sent the request.',
  config: 'Whoever configures the account.',
  capacity: 'A limit, or more resources.',
  upstream: 'A part outside the platform.',
  platform: 'The operator of the platform.',
};

const repeats = {
  never: 'The same request fails again.',
  after: 'Repeat it after the time in Retry-After, with the same Idempotency-Key.',
  now: 'Repeat it at once.',
} as const;

/** What a code means, who can mend it, and how. Everything on it stands in the registry of errors. */
export function ErrorPageView({ page }: { readonly page: ErrorPage }): ReactNode {
  const { code, title, remedy, refusal, ending } = page;
  return (
    <main className="mx-auto max-w-2xl px-4 py-10">
      <h1 className="flex flex-wrap items-center gap-2 text-lg font-semibold tracking-tight">
        <code>{code}</code>
        {refusal === undefined ? (
          <Badge tone="info">{ending === undefined ? 'in the SDK' : 'session ends'}</Badge>
        ) : (
          <Badge tone="fail">{refusal.status}</Badge>
        )}
      </h1>
      <p className="mt-3">{title}</p>
      <dl className="mt-6 grid gap-4 border-t border-line pt-6">
        <Fact term="What to do">{remedy}</Fact>
        {refusal === undefined ? null : <Fact term="Who can mend it">{owners[refusal.owner]}</Fact>}
        {refusal === undefined ? null : <Fact term="Repeating">{repeats[refusal.retry]}</Fact>}
        {ending === undefined || refusal === undefined ? null : (
          <Fact term="As the end of a session">{ending}</Fact>
        )}
      </dl>
    </main>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt className="text-sm text-ink-faint">{term}</dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  );
}

/** Every code there is, with its title. */
export function ErrorList({ pages }: { readonly pages: readonly ErrorPage[] }): ReactNode {
  return (
    <main className="mx-auto max-w-2xl px-4 py-10">
      <h1 className="text-lg font-semibold tracking-tight">Errors</h1>
      <p className="mt-2 text-ink-soft">
        Every failure carries one of these codes. Codes are stable: a program may depend on them.
      </p>
      {[...Map.groupBy(pages, ({ code }) => code.slice(0, code.indexOf('.')))].map(([owner, ofOwner]) => (
        <section key={owner} aria-labelledby={`errors-${owner}`} className="mt-8">
          <h2 id={`errors-${owner}`} className="mb-2 font-semibold">
            {owner}
          </h2>
          <ul className="divide-y divide-line border-y border-line">
            {ofOwner.map(({ code, title }) => (
              <li key={code}>
                <Link
                  href={errorPagePath(code)}
                  className="grid gap-x-4 py-2 hover:bg-surface sm:grid-cols-[18rem_1fr]"
                >
                  <code className="text-sm leading-5">{code}</code>
                  <span className="text-ink-soft">{title}</span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </main>
  );
}
