import { Callout } from '@patchbay/ui/callout';
import type { ReactNode } from 'react';

/** What a test key can be used for today, where somebody is about to make or to use one. */
export function TestKeyNote(): ReactNode {
  return (
    <Callout tone="wait" title="A test key makes no calls yet.">
      <p>
        What it mints, relays and signaling refuse: there are no test books, so its calls would be billed as
        live. For a first call, make a live key.
      </p>
      <p className="mt-1">
        The API takes it like a live one: it reads and changes the real data of this account, and can make
        test keys only.
      </p>
    </Callout>
  );
}
