'use client';

import type { ReactNode } from 'react';
import type { OperationName } from '../as-code/code-example.ts';
import type { Place } from './rights.ts';
import { useMay } from './use-may.ts';

export interface IfMayProps {
  readonly to: OperationName;
  readonly place?: Place;
  readonly children: ReactNode;
}

/** Shows a button, a menu or a form to whoever may do what it does, and nothing to anybody else. */
export function IfMay({ to, place, children }: IfMayProps): ReactNode {
  return useMay(to, place) ? children : null;
}
