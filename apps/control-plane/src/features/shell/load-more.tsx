import { Button } from '@patchbay/ui/button';
import type { ReactNode } from 'react';

export interface LoadMoreProps {
  readonly hasMore: boolean;
  readonly isPending: boolean;
  readonly onMore: () => void;
}

/** The next page of a list, below the ones that are there. */
export function LoadMore({ hasMore, isPending, onMore }: LoadMoreProps): ReactNode {
  if (!hasMore) return null;
  return (
    <div className="mt-4 flex justify-center print:hidden">
      <Button onClick={onMore} isPending={isPending}>
        Show more
      </Button>
    </div>
  );
}
