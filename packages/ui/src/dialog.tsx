import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useRef } from 'react';
import { IconButton } from './button.tsx';
import { classNames } from './class-names.tsx';

export interface DialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly title: string;
  /** What will happen, in a sentence. */
  readonly description?: ReactNode;
  readonly children: ReactNode;
  /** 'centre' for a question or a form, 'side' for something to read beside the page. */
  readonly placement?: 'centre' | 'side';
}

const places = {
  centre:
    'top-[12vh] left-1/2 w-[min(30rem,calc(100vw-2rem))] max-h-[76vh] -translate-x-1/2 rounded-md border animate-appear',
  side: 'inset-y-0 right-0 w-[min(34rem,100vw)] border-l',
} as const;

/** A modal window. Escape and a click beside it close it; focus returns to where it was. */
export function Dialog(props: DialogProps): ReactNode {
  const { isOpen, onOpenChange, title, description, children, placement = 'centre' } = props;
  const opener = useOpener(isOpen);
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[oklch(0.15_0.01_230/0.45)]" />
        <Radix.Content
          className={classNames(
            'fixed z-40 flex flex-col overflow-hidden border-line-strong bg-raised',
            places[placement],
          )}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          onCloseAutoFocus={(event) => {
            if (opener.current?.isConnected !== true) return;
            // Radix gives the focus to a trigger of its own, and would leave it to nobody where there is none.
            event.preventDefault();
            opener.current.focus();
          }}
        >
          <header className="flex items-start justify-between gap-4 px-5 pt-4 pb-2">
            <div>
              <Radix.Title className="text-lg font-semibold tracking-tight">{title}</Radix.Title>
              {description === undefined ? null : (
                <Radix.Description className="mt-1 text-ink-soft">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close" className="-mr-2">
                <X aria-hidden />
              </IconButton>
            </Radix.Close>
          </header>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
          <div className="min-h-0 flex-1 scroll-pb-16 overflow-y-auto px-5 pt-2 pb-5" tabIndex={0}>
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What had the focus before a window opened. Read while rendering: a field of the window may take the focus at once. */
function useOpener(isOpen: boolean) {
  const opener = useRef<HTMLElement>(null);
  const wasOpen = useRef(false);
  if (isOpen && !wasOpen.current && typeof document !== 'undefined') {
    const { activeElement } = document;
    opener.current = activeElement instanceof HTMLElement ? activeElement : null;
  }
  wasOpen.current = isOpen;
  return opener;
}

/** The row of buttons that ends a dialog; the one that acts stands last. In sight, however long the form is. */
export function DialogActions({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="sticky -bottom-5 -mx-5 mt-5 -mb-5 flex flex-wrap justify-end gap-2 border-t bg-raised px-5 py-3">
      {children}
    </div>
  );
}
