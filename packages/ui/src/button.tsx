import { cva } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.tsx';

const look = cva(
  'inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium transition-colors duration-100 disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'border-transparent bg-accent text-accent-ink enabled:hover:bg-accent-strong',
        secondary: 'border-line-strong bg-raised text-ink enabled:hover:bg-hover',
        ghost: 'border-transparent text-ink-soft enabled:hover:bg-hover enabled:hover:text-ink',
        danger: 'border-fail/50 bg-raised text-fail enabled:hover:bg-fail/10',
      },
      size: { small: 'h-7 px-2', medium: 'h-8 px-3', large: 'h-9 px-4' },
    },
    defaultVariants: { variant: 'secondary', size: 'medium' },
  },
);

export interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: 'primary' | 'secondary' | 'ghost' | 'danger';
  readonly size?: 'small' | 'medium' | 'large';
  /** While its work is under way: it keeps its width, says so to screen readers, and takes no second click. */
  readonly isPending?: boolean;
  /** Gives its look to its one child, such as a link. */
  readonly asChild?: boolean;
}

/** The one button. One `primary` at most stands on a page. */
export function Button(props: ButtonProps): ReactNode {
  const { variant, size, isPending = false, asChild = false, className, children, disabled, ...rest } = props;
  const classes = classNames(
    look({ variant, size }),
    asChild && variant === 'primary' && 'hover:bg-accent-strong',
    asChild && variant !== 'primary' && 'hover:bg-hover',
    className,
  );
  if (asChild) {
    return (
      <Slot.Root className={classes} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button
      type="button"
      className={classes}
      disabled={disabled === true || isPending}
      aria-busy={isPending}
      {...rest}
    >
      {isPending ? <LoaderCircle className="animate-spin" aria-hidden /> : null}
      {children}
    </button>
  );
}

export interface IconButtonProps extends ComponentProps<'button'> {
  /** What it does: its name for screen readers, and its tooltip. */
  readonly label: string;
}

/** A button that shows only an icon. */
export function IconButton({ label, className, children, ...rest }: IconButtonProps): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classNames(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-soft transition-colors duration-100 hover:bg-hover hover:text-ink disabled:opacity-50 [&_svg]:size-4',
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
