import type { Grant } from '@patchbay/protocol/turn/grant';
import { expect, test } from 'vitest';
import { createLiveAllocations } from './live-allocations.ts';
import type { RelayEvent } from './platform.ts';

const address = { ip: new Uint8Array(4), port: 1 };
const grant: Grant = {
  accountId: 'acc_a',
  credentialId: 'crd_a',
  keyId: 'key_a',
  limits: [],
  bandwidthClass: 'audio',
};

test('every change of what is carried is told, and once that it was not declared (MET-7, NDS)', () => {
  const events: RelayEvent[] = [];
  const live = createLiveAllocations(
    (event) => events.push(event),
    () => 0,
  );
  const client = { transport: 'udp', listenerId: 0, address } as const;
  const facts = { allocationId: 'a', client, family: 'ipv4', relayed: [address], grant } as const;
  live.started({ type: 'allocated', atMs: 0, bandwidthClass: 'audio', ...facts });
  const carried = ['video', 'audio', 'video'] as const;
  for (const [index, modality] of carried.entries()) {
    const previousModality = carried[index - 1] ?? 'audio';
    live.modalityChanged({ allocationId: 'a', modality, previousModality, segment: index + 1, atMs: index });
    live.modalityChanged({ allocationId: 'gone', modality, previousModality, segment: 1, atMs: index });
  }
  const told = events.map((event) =>
    event.type === 'allocation.changed' ? `${event.segment} ${event.modality}` : event.type,
  );
  expect(told).toEqual(['allocation.started', '1 video', 'media.undeclared', '2 audio', '3 video']);
  expect(events[2]).toMatchObject({ declared: 'audio', observed: 'video', grant });
});
