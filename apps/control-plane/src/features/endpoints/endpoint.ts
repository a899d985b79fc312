import type { Namespace } from '@patchbay/domain/endpoints/identifier';
import { AtSign, DoorOpen, type LucideIcon, Phone, UserRound } from 'lucide-react';
import type { Outputs } from '../../trpc/client.ts';

export type Endpoint = Outputs['endpoints']['list']['items'][number];
export type Transfer = Outputs['endpointTransfers']['list']['items'][number];

/** What a namespace names, for people. */
export const kinds: Readonly<
  Record<Namespace, { readonly one: string; readonly many: string; readonly icon: LucideIcon }>
> = {
  tel: { one: 'number', many: 'numbers', icon: Phone },
  sip: { one: 'address', many: 'addresses', icon: AtSign },
  user: { one: 'user', many: 'users', icon: UserRound },
  room: { one: 'room', many: 'rooms', icon: DoorOpen },
};

export const namespaceOptions = [
  { value: 'all', label: 'all' },
  ...(['tel', 'sip', 'user', 'room'] as const).map((value) => ({ value, label: kinds[value].many })),
] as const;

export const stateOptions = [
  { value: 'active', label: 'held' },
  { value: 'resting', label: 'resting' },
] as const;

/** Offers that wait for somebody: of both directions, in one request. */
export const openOffersRequest = (accountId: string) =>
  ({ accountId, state: 'offered', limit: 100 }) as const;
