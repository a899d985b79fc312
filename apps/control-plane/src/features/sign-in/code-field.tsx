'use client';

import { Field } from '@patchbay/ui/input';
import type { ReactNode } from 'react';

export function CodeField({ error }: { readonly error?: string | undefined }): ReactNode {
  return (
    <Field
      label="Code"
      name="code"
      autoComplete="one-time-code"
      autoFocus
      hint="Of your authenticator, or a recovery code."
      error={error}
    />
  );
}
