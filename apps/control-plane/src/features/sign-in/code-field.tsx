'use client';

import { Field } from '@patchbay/ui/input';
import type { ReactNode } from 'react';

export function CodeField({
  hint = 'Of your authenticator, or a recovery code.',
}: {
  readonly hint?: string;
}): ReactNode {
  return <Field label="Code" name="code" autoComplete="one-time-code" autoFocus hint={hint} />;
}
