import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';
import { type Tone, toneGround, toneText } from './tone.tsx';

export interface BadgeProps {
  readonly tone?: Tone;
  /** An icon or dot, so that the meaning is not in the colour alone. */
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly title?: string;
}

/** A state or kind in one or two words. */
export function Badge({ tone = 'neutral', icon, children, title }: BadgeProps): ReactNode {
  return (
    <span
      title={title}
      className={classNames(
        'inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 text-sm font-medium [&_svg]:size-3',
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
