import { ShownOnce, TakenActions } from '@patchbay/ui/shown-once';
import type { ReactNode } from 'react';

export interface SetUpLinkProps {
  readonly path: string;
  readonly name: string;
  readonly isMailed: boolean;
  readonly onDone: () => void;
}

/** The link with which somebody takes their role, for whoever invites to hand on. */
export function SetUpLink({ path, name, isMailed, onDone }: SetUpLinkProps): ReactNode {
  const address = `${window.location.origin}${path}`;
  return (
    <>
      <p className="text-ink-soft">
        Send this link to {name} yourself. It takes the role, works once within 7 days, and is shown only
        here.
      </p>
      <p className="mt-2 text-ink-soft">
        {isMailed
          ? 'An invitation went to them by mail as well. Nobody gets more than five of them a day.'
          : 'No mail was sent: nobody gets more than five invitations a day. That of the last one still works.'}
      </p>
      <div className="mt-3">
        <ShownOnce text={address} copyLabel="Copy the link" />
      </div>
      <TakenActions onDone={onDone} />
    </>
  );
}
