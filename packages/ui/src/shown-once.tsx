import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { DialogActions } from './dialog.tsx';

export interface ShownOnceProps {
  readonly text: string;
  /** What the button that copies it does. */
  readonly copyLabel: string;
  /** Its name, where several stand below each other. */
  readonly label?: string;
}

/** A secret, or a link that works once: whoever sees it has to take it now. */
export function ShownOnce({ text, copyLabel, label }: ShownOnceProps): ReactNode {
  return (
    <div className="grid gap-1">
      {label === undefined ? null : <span className="text-sm text-ink-faint">{label}</span>}
      <div className="flex items-center gap-2 rounded-md border border-accent/50 bg-accent/8 px-3 py-2">
        <code className="line-clamp-3 min-w-0 flex-1 text-sm break-all" data-secret>
          {text}
        </code>
        <CopyButton text={text} label={copyLabel} />
      </div>
    </div>
  );
}

/** Ends a window with something that is shown once. */
export function TakenActions({ onDone }: { readonly onDone: () => void }): ReactNode {
  return (
    <DialogActions>
      <Button variant="primary" onClick={onDone}>
        I have it
      </Button>
    </DialogActions>
  );
}
