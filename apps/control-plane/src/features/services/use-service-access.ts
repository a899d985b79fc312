'use client';

import { useQuery } from '@tanstack/react-query';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

export type ServiceAccess = Outputs['services']['list']['items'][number];

/** Whether a service is on for the account, and which level made it so. Of all services there is one request. */
export function useServiceAccess(service: string) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery(trpc.services.list.queryOptions({ accountId }));
  return { ...list, data: list.data?.items.find((item) => item.service === service) };
}

/** Whose word the reader sets of an account's services: that of an account above, or the account's own. */
export interface Speaking {
  readonly accountId: string;
  /** Absent: the highest that the reader may speak for. */
  readonly from: string | undefined;
}

export const isFromAbove = ({ speakerIds }: ServiceAccess, { accountId }: Pick<Speaking, 'accountId'>) =>
  speakerIds[0] !== accountId;

/** What whoever the reader speaks for said of it last. */
export function saidBy(access: ServiceAccess, { accountId, from }: Speaking): ServiceAccess['own'] {
  const { own, fromAbove, speakerIds } = access;
  const speakerId = from ?? speakerIds[0];
  return speakerId === accountId ? own : fromAbove.find(({ setById }) => setById === speakerId);
}
