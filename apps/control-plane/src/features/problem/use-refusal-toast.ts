'use client';

import { useToast } from '@patchbay/ui/toast';
import { problemOf } from './problem.ts';

/** Says why a change that has no form of its own did not happen. */
export function useRefusalToast(): (error: unknown) => void {
  const toast = useToast();
  return (error) => {
    const { title, detail } = problemOf(error);
    toast({ tone: 'fail', title, detail });
  };
}
