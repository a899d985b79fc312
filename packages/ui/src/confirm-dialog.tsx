import { type ReactNode, useState } from 'react';
import { Button } from './button.tsx';
import { Dialog, DialogActions } from './dialog.tsx';
import { Field } from './input.tsx';

export interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly title: string;
  /** What will happen, and to how many. */
  readonly children: ReactNode;
  /** The verb on the button that does it. */
  readonly verb: string;
  /** To be typed before it can be done. Left out for what is small. */
  readonly name?: string;
  readonly isPending?: boolean;
  readonly onConfirm: () => void;
}

/** Asks before something that cannot be undone: it says what is touched, and wants the name of it typed. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { isOpen, onOpenChange, title, children, verb, name, isPending = false, onConfirm } = props;
  const [typed, setTyped] = useState('');
  const isReady = name === undefined || typed.trim() === name;
  const change = (open: boolean) => {
    setTyped('');
    onOpenChange(open);
  };
  return (
    <Dialog isOpen={isOpen} onOpenChange={change} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onConfirm();
        }}
      >
        <div className="grid gap-3 text-ink-soft">{children}</div>
        {name === undefined ? null : (
          <Field
            className="mt-4"
            label={`Type “${name}” to go on`}
            autoFocus
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
          />
        )}
        <DialogActions>
          <Button variant="ghost" onClick={() => change(false)}>
            Leave it
          </Button>
          <Button variant="danger" type="submit" disabled={!isReady} isPending={isPending}>
            {verb}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
