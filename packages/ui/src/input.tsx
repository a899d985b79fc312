import { type ComponentProps, type ReactNode, useId } from 'react';
import { classNames } from './class-names.tsx';

/** The shape that every field for text shares. One that is disabled is read all the same: it loses its edge, not its contrast. */
export const fieldShape =
  'h-8 w-full min-w-0 rounded-md border border-line-strong bg-canvas px-2.5 text-base text-ink transition-colors enabled:hover:border-ink-faint aria-invalid:border-fail disabled:border-line disabled:bg-surface';

/** A field for one line of text. */
export function Input({ className, ...rest }: ComponentProps<'input'>): ReactNode {
  return <input className={classNames(fieldShape, className)} {...rest} />;
}

export interface LabelledProps {
  readonly label: string;
  /** One sentence on what to choose. */
  readonly hint?: ReactNode;
  /** Stands opposite the name: where the value comes from, say. */
  readonly aside?: ReactNode;
  /** A control that says its own name to screen readers, such as a Select. */
  readonly children: ReactNode;
}

/** Puts the name of a control above it, where a Field would have its own. */
export function Labelled({ label, hint, aside, children }: LabelledProps): ReactNode {
  return (
    <div className="grid content-start gap-1">
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <span className="font-medium" aria-hidden>
          {label}
        </span>
        {aside}
      </div>
      {children}
      {hint === undefined ? null : <p className="text-sm text-ink-faint">{hint}</p>}
    </div>
  );
}

export interface FieldProps extends Omit<ComponentProps<'input'>, 'prefix'> {
  readonly label: string;
  /** One sentence on what to write. */
  readonly hint?: ReactNode;
  /** Why what stands there is refused. */
  readonly error?: string | undefined;
  /** Unit or sign behind the field. */
  readonly unit?: ReactNode;
  /** Stands opposite the label: where the value comes from, say. */
  readonly aside?: ReactNode;
}

/** A labelled field with its hint and its error, tied together for screen readers. */
export function Field({ label, hint, error, unit, aside, className, ...rest }: FieldProps): ReactNode {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className={classNames('grid content-start gap-1', className)}>
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      <div className="flex items-center gap-2">
        <Input
          id={id}
          aria-invalid={error !== undefined}
          aria-describedby={note === undefined ? undefined : noteId}
          {...rest}
        />
        {unit === undefined ? null : <span className="shrink-0 text-ink-faint">{unit}</span>}
      </div>
      {note === undefined ? null : (
        <p
          id={noteId}
          className={classNames('text-sm', error === undefined ? 'text-ink-faint' : 'text-fail')}
        >
          {note}
        </p>
      )}
    </div>
  );
}
