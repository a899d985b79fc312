import { expect, test } from 'vitest';
import { sessionsOfService } from './sessions-of-service.ts';

test('a service counts the sessions that it has a part in, and none of another (SIG, NDS)', () => {
  const direct = { kind: 'call', relayMilliseconds: '0' } as const;
  const relayed = { kind: 'call', relayMilliseconds: '1200' } as const;
  const relay = { kind: 'relay', relayMilliseconds: '0' } as const;
  const sessions = [direct, relayed, relay];
  expect(sessionsOfService('signaling', sessions)).toEqual([direct, relayed]);
  expect(sessionsOfService('networkDiscovery', sessions)).toEqual([relayed, relay]);
});
