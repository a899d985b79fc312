import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';
import { type Tone, toneGround, toneText } from './tone.tsx';

export interface BadgeProps {
  readonly tone?: Tone;
  /** An icon or dot, so that the meaning is not in the colour alone. */
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly title?: string;
  /** A sentence rather than a word: it may take several lines. */
  readonly mayWrap?: boolean;
}

/** A state or kind in one or two words. */
export function Badge({ tone = 'neutral', icon, children, title, mayWrap = false }: BadgeProps): ReactNode {
  return (
    <span
      title={title}
      className={classNames(
        'inline-flex min-h-5 items-center gap-1 rounded-sm px-1.5 text-sm font-medium [&_svg]:size-3',
        mayWrap ? 'flex-wrap wrap-anywhere' : 'whitespace-nowrap',
        toneGround[tone],
        toneText[tone],
      )}
    >
      {icon}
      {children}
    </span>
  );
}

/** A dot that says live: it breathes, unless the system asks for stillness. */
export function LiveDot({ isLive = true }: { readonly isLive?: boolean }): ReactNode {
  return (
    <span
      aria-hidden
      className={classNames(
        'inline-block size-2 shrink-0 rounded-full',
        isLive ? 'animate-pulse-soft bg-live' : 'border border-ink-faint',
      )}
    />
  );
}
