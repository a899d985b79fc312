import { Badge } from '@patchbay/ui/badge';
import { Callout } from '@patchbay/ui/callout';
import type { ReactNode } from 'react';
import { showDay } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';

type Certificate = Extract<
  NonNullable<Outputs['sso']['get']['provider']>,
  { readonly kind: 'saml' }
>['certificates'][number];

/** With which the provider signs, and until when it says that it does. */
export function CertificateList({
  certificates,
}: {
  readonly certificates: readonly Certificate[];
}): ReactNode {
  return (
    <div className="grid gap-2">
      <span className="font-medium">Its signing certificates</span>
      <ul className="grid gap-1">
        {certificates.map(({ fingerprint, endsAt, isEnding }) => (
          <li key={fingerprint} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <code className="text-sm" title={`SHA-256: ${fingerprint}`}>
              {fingerprint.slice(0, 16)}…
            </code>
            <span className="text-sm text-ink-soft">ends {showDay(endsAt)}</span>
            {isEnding ? <Badge tone="wait">ends soon</Badge> : null}
          </li>
        ))}
      </ul>
      {certificates.every(({ isEnding }) => isEnding) ? (
        <Callout tone="wait" title="Every certificate ends within 30 days, or has ended.">
          People still come in with it. Ask who runs your provider for its next one, and set it beside this
          one before they change over: from then on the old one opens nothing.
        </Callout>
      ) : null}
    </div>
  );
}
