'use client';

import { Button } from '@patchbay/ui/button';
import { DialogActions } from '@patchbay/ui/dialog';
import type { ReactNode } from 'react';
import { ProblemNote } from '../problem/problem-note.tsx';

export interface FormEndProps {
  /** Of `useForm`: why the platform refused the whole of it. */
  readonly refusal: unknown;
  /** The verb on the button that sends it. */
  readonly verb: string;
  readonly isPending: boolean;
  /** Where the form stands in a window, which can be left. */
  readonly onLeave?: () => void;
  /** Where it changes what can be taken away as well. */
  readonly onRemove?: () => void;
}

/** What every form ends with: why it was refused, and the button that sends it. */
export function FormEnd({ refusal, verb, isPending, onLeave, onRemove }: FormEndProps): ReactNode {
  const send = (
    <Button variant="primary" type="submit" isPending={isPending}>
      {verb}
    </Button>
  );
  return (
    <>
      {refusal === undefined ? null : <ProblemNote error={refusal} />}
      {onLeave === undefined ? (
        <div>{send}</div>
      ) : (
        <DialogActions>
          {onRemove === undefined ? null : (
            <Button variant="danger" className="mr-auto" onClick={onRemove}>
              Remove
            </Button>
          )}
          <Button variant="ghost" onClick={onLeave}>
            Leave it
          </Button>
          {send}
        </DialogActions>
      )}
    </>
  );
}
