import { classNames } from '@patchbay/ui/class-names';
import { Input } from '@patchbay/ui/input';
import { Search } from 'lucide-react';
import type { ReactNode } from 'react';

export interface PageFilterProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly className?: string;
}

/** Narrows what a page shows by any word of it. The slash key goes here. */
export function PageFilter({ label, value, onChange, className }: PageFilterProps): ReactNode {
  return (
    <div className={classNames('relative w-64 max-sm:w-full', className)}>
      <Search className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-faint" aria-hidden />
      <Input
        type="search"
        aria-label={label}
        placeholder={`${label}  ( / )`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        className="pl-8"
        data-page-filter
      />
    </div>
  );
}
