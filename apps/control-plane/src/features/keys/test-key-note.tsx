import { Callout } from '@patchbay/ui/callout';
import type { ReactNode } from 'react';

/** What a test key is, where somebody is about to make or to use one. */
export function TestKeyNote(): ReactNode {
  return (
    <Callout tone="info" title="A test key works on books of its own.">
      <p>
        It belongs to the test account of this one. It relays really, a little at a time, and nobody pays for
        it; what is live it neither reads nor changes.
      </p>
    </Callout>
  );
}
