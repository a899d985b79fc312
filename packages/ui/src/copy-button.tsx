import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { IconButton } from './button.tsx';
import { classNames } from './class-names.tsx';

const COPIED_MS = 1_500;

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, as in 'Copy the key id'. */
  readonly label: string;
  readonly className?: string;
}

/** Copies a text with one click, and says that it did. */
export function CopyButton({ text, label, className }: CopyButtonProps): ReactNode {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <IconButton
      label={isCopied ? 'Copied' : label}
      className={classNames('size-6 [&_svg]:size-3.5', className)}
      onClick={(event) => {
        event.stopPropagation();
        void navigator.clipboard.writeText(text).then(() => setCopied(true));
      }}
    >
      {isCopied ? <Check className="text-live" aria-hidden /> : <Copy aria-hidden />}
    </IconButton>
  );
}

export interface IdentifierProps {
  readonly id: string;
  /** Shows the first and last characters; the whole id is copied and in the tooltip. */
  readonly isShort?: boolean;
}

/** An id, in mono, to be copied whole. */
export function Identifier({ id, isShort = false }: IdentifierProps): ReactNode {
  const shown = isShort && id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-5)}` : id;
  return (
    <span className="inline-flex min-w-0 items-center gap-0.5">
      <code className="truncate text-sm text-ink-soft" title={id}>
        {shown}
      </code>
      <CopyButton text={id} label={`Copy ${id}`} />
    </span>
  );
}
