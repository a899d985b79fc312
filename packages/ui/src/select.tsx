import { Check, ChevronDown } from 'lucide-react';
import { Select as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { classNames } from './class-names.tsx';
import { useIsDisabled } from './field-set.tsx';
import { usePageNonce } from './page-nonce.tsx';

export interface SelectOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

export interface SelectProps<Value extends string> {
  /** Its name for screen readers, and before the value where `isLabelled`. */
  readonly label: string;
  readonly value: Value;
  readonly options: readonly SelectOption<Value>[];
  readonly onChange: (value: Value) => void;
  /** Shows the label in front of the value, for a row of filters. */
  readonly isLabelled?: boolean;
  readonly className?: string;
}

/** Chooses one of a few. For many, use the palette or a filter. */
export function Select<Value extends string>(props: SelectProps<Value>): ReactNode {
  const { label, value, options, onChange, isLabelled = false, className } = props;
  // It opens on a pointer that goes down, which a browser tells disabled buttons of.
  const isDisabled = useIsDisabled();
  const nonce = usePageNonce();
  const choose = (chosen: string) => {
    const option = options.find((candidate) => candidate.value === chosen);
    if (option !== undefined) onChange(option.value);
  };
  return (
    <Radix.Root value={value} onValueChange={choose} disabled={isDisabled}>
      <Radix.Trigger
        aria-label={label}
        className={classNames(
          'inline-flex h-8 max-w-full items-center justify-between gap-2 rounded-md border border-line-strong bg-canvas px-2.5 enabled:hover:bg-hover',
          'disabled:border-line disabled:bg-surface disabled:[&>svg]:hidden',
          className,
        )}
      >
        <span className="flex min-w-0 items-center gap-1.5">
          {isLabelled ? <span className="text-ink-faint">{label}</span> : null}
          <span className="truncate">
            <Radix.Value />
          </span>
        </span>
        <ChevronDown className="size-3.5 shrink-0 text-ink-faint" aria-hidden />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          className="z-50 max-h-80 min-w-(--radix-select-trigger-width) animate-appear overflow-hidden rounded-md border border-line-strong bg-raised p-1"
        >
          <Radix.Viewport nonce={nonce}>
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                className="flex h-8 cursor-default items-center justify-between gap-4 rounded-sm px-2 outline-none data-highlighted:bg-hover"
              >
                <Radix.ItemText>{option.label}</Radix.ItemText>
                <Radix.ItemIndicator>
                  <Check className="size-3.5 text-accent" aria-hidden />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
