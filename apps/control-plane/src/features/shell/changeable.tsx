'use client';

import { FieldSet } from '@patchbay/ui/field-set';
import type { ReactNode } from 'react';
import type { OperationName } from '../as-code/code-example.ts';
import { LookOnly } from './look-only.tsx';
import type { Place } from './rights.ts';
import { useRights } from './use-may.ts';

export interface ChangeableProps {
  /** What saves it. */
  readonly by: OperationName;
  readonly place?: Place;
  /** What stands around it says already that it cannot be changed. */
  readonly isNoted?: boolean;
  /** The fields, by which the values are read as well. */
  readonly children: ReactNode;
  /** The buttons below them. */
  readonly end?: ReactNode;
}

/** The inside of a form by which values are read, too: who may not change them reads on, and is told why there is no button. */
export function Changeable(props: ChangeableProps): ReactNode {
  const { by, place, isNoted = false, children, end } = props;
  const right = useRights()(by, place);
  return (
    <>
      {right === false && !isNoted ? <LookOnly /> : null}
      <FieldSet isDisabled={right === false}>{children}</FieldSet>
      {right === true ? end : null}
    </>
  );
}
