'use client';

import { type ReactNode, useEffect, useRef } from 'react';

export interface SendAtOnceProps {
  readonly action: string;
  /** The button, for a browser without scripts. */
  readonly children: ReactNode;
}

/** A form that sends itself in a browser: a link of a mail is one click, and a scanner of mails does not take it. */
export function SendAtOnce({ action, children }: SendAtOnceProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.submit(), []);
  return (
    <form ref={form} method="post" action={action}>
      {children}
    </form>
  );
}
