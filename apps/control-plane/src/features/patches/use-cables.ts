'use client';

import { type OneCable, withCable, withoutCable } from '@patchbay/domain/hooks/callback-change';
import type { Callback } from '@patchbay/domain/hooks/callbacks';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { serviceKeyOf } from '../../trpc/service-client.ts';
import { type CallbackScope, useCallbackCalls } from '../callbacks/callback-calls.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';

/** A cable, and where it is set. */
export interface PlacedCable extends OneCable {
  readonly service: string;
  readonly scope: CallbackScope;
}

/** What is taken away, then what is drawn: of two that stand at one place in one request. */
interface CableChange {
  readonly gone?: PlacedCable | undefined;
  readonly drawn?: PlacedCable | undefined;
  /** What happened, for whoever did it: nothing is said of what only takes back. */
  readonly said?: string | undefined;
}

/**
 * Draws cables and takes them away by the same operation that sets callbacks anywhere else. What others set at the
 * same time is not lost: then nothing is set, and it says so. Taking back is one more change of the same kind.
 */
export function useCables() {
  const calls = useCallbackCalls();
  const queries = useQueryClient();
  const toast = useToast();
  const onError = useRefusalToast();
  const alter = async (
    { service, scope }: PlacedCable,
    change: (there: readonly Callback[]) => readonly Callback[],
  ) => {
    const key = serviceKeyOf(service);
    if (key === undefined) throw new Error(`There is no service ${service}.`);
    await calls.alter(key, scope, change);
  };
  const apply = async ({ gone, drawn }: CableChange) => {
    const isOnePlace =
      gone !== undefined &&
      drawn?.service === gone.service &&
      JSON.stringify(drawn.scope) === JSON.stringify(gone.scope);
    if (isOnePlace) return await alter(gone, (at) => withCable(withoutCable(at, gone), drawn));
    if (drawn !== undefined) await alter(drawn, (at) => withCable(at, drawn));
    if (gone !== undefined) await alter(gone, (at) => withoutCable(at, gone));
  };
  const onSettled = () => queries.invalidateQueries({ queryKey: ['flows'] });
  const undo = useMutation({ mutationFn: apply, onError, onSettled });
  const change = useMutation({
    mutationFn: apply,
    onSettled,
    onSuccess: (_, { gone, drawn, said }) => {
      if (said === undefined) return;
      const takeBack = () => undo.mutate({ gone: drawn, drawn: gone });
      toast({ tone: 'live', title: said, action: { label: 'Undo', onSelect: takeBack } });
    },
  });
  return {
    change,
    /** With its refusal as a message, where no form shows it. */
    remove: (gone: PlacedCable) => change.mutate({ gone, said: 'Cable removed' }, { onError }),
    mayChange: (service: string, kind: CallbackScope['kind']) => {
      const key = serviceKeyOf(service);
      return key !== undefined && calls.mayPut(key, kind);
    },
  };
}
