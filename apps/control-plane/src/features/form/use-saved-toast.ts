'use client';

import { useToast } from '@patchbay/ui/toast';

/** Says that a change of settings holds, and where it can be read. */
export function useSavedToast(): () => void {
  const toast = useToast();
  return () => toast({ tone: 'live', title: 'Saved.', detail: 'The audit log has what changed.' });
}
