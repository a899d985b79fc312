import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';

export interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly align?: 'start' | 'end';
}

/** A list of actions behind a button. */
export function Menu({ trigger, children, align = 'end' }: MenuProps): ReactNode {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          className="z-50 max-h-[70vh] min-w-44 animate-appear overflow-y-auto rounded-md border border-line-strong bg-raised p-1"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export interface MenuItemProps {
  readonly children: ReactNode;
  readonly onSelect?: () => void;
  readonly isDanger?: boolean;
  /** Its one child is a link and does the work. */
  readonly asChild?: boolean;
}

export function MenuItem({
  children,
  onSelect,
  isDanger = false,
  asChild = false,
}: MenuItemProps): ReactNode {
  return (
    <DropdownMenu.Item
      asChild={asChild}
      {...(onSelect === undefined ? {} : { onSelect })}
      className={classNames(
        'flex min-h-8 cursor-default select-none items-center gap-2 rounded-sm px-2 outline-none data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-ink-faint',
        isDanger && 'text-fail',
      )}
    >
      {children}
    </DropdownMenu.Item>
  );
}

export function MenuLabel({ children }: { readonly children: ReactNode }): ReactNode {
  return <DropdownMenu.Label className="px-2 py-1.5 text-sm text-ink-faint">{children}</DropdownMenu.Label>;
}

export function MenuSeparator(): ReactNode {
  return <DropdownMenu.Separator className="-mx-1 my-1 h-px bg-line" />;
}
