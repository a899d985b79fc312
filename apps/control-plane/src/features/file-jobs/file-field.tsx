import { FILE_BYTES_MAX } from '@patchbay/domain/file-jobs/file-order';
import { Field } from '@patchbay/ui/input';
import type { ReactNode } from 'react';

export const isTooLarge = (file: File | undefined): boolean =>
  file !== undefined && file.size > FILE_BYTES_MAX;

/** A file to work on can be given. */
export const isGiven = (file: File | undefined): file is File =>
  file !== undefined && file.size > 0 && !isTooLarge(file);

/** Where somebody chooses the file that is to be worked on. */
export function FileField({
  accept,
  hint,
  file,
  onChoose,
}: {
  readonly accept: string;
  readonly hint: string;
  readonly file: File | undefined;
  readonly onChoose: (file: File | undefined) => void;
}): ReactNode {
  return (
    <Field
      label="File"
      type="file"
      accept={accept}
      hint={hint}
      error={isTooLarge(file) ? 'This file is too large.' : undefined}
      className="[&_input]:py-1.5 [&_input]:text-sm"
      onChange={({ target }) => onChoose(target.files?.[0])}
    />
  );
}
