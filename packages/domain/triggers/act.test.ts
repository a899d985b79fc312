import { expect, test } from 'vitest';
import { type ActPorts, actOn, type DueFiring } from './act.ts';
import type { Action } from './definition.ts';

const nowMs = Date.parse('2026-11-24T12:00:00Z');
const dueOf = (action: Action, change: Partial<DueFiring> = {}): DueFiring => ({
  id: 'fir_1',
  action,
  windowStartMs: Date.parse('2026-11-01T00:00:00Z'),
  value: '12',
  progress: '',
  isCurrent: true,
  reaches: true,
  rule: {
    id: 'trg_1',
    accountId: 'acc_above',
    name: 'Too much',
    counter: { meter: 'relay.bytes' },
    target: { accountId: 'acc_below', scope: 'descendants' },
    condition: { kind: 'recurring', limit: 10, per: 'month' },
    action,
    isEnabled: true,
    isShown: false,
    timeZone: 'UTC',
  },
  ...change,
});

function world({
  sessions = [] as readonly string[],
  state = 'suspended' as 'suspended' | 'unchanged',
  webhook = 'active' as 'active' | 'disabled',
  mail = 'written' as 'written' | 'unknown' | 'unavailable',
} = {}) {
  const did: unknown[] = [];
  const ports: ActPorts = {
    suspend: async () => {
      did.push('suspend');
      return state;
    },
    openSessions: async ({ progress }, limit) => sessions.filter((id) => id > progress).slice(0, limit),
    endSession: async (_due, id) => void did.push(id),
    hold: async (_due, hold) => void did.push(hold),
    holdPolicy: async (_due, held) => void did.push(held),
    disable: async (_due, off) => void did.push(off),
    writeMail: async (_due, address) => {
      did.push(address);
      return mail;
    },
    webhookState: async () => webhook,
    audit: async (_due, after) => void did.push(after),
  };
  return { ports, did };
}

test('a throttle holds to the end of the window in which it fired, and is audited as the trigger’s (TRG-2)', async () => {
  const { ports, did } = world();
  const due = dueOf({ kind: 'throttle', bitsPerSecondMax: 64_000 });
  expect(await actOn(due, ports, nowMs)).toMatchObject({ state: 'done' });
  expect(did).toEqual([
    {
      service: 'network-discovery',
      config: { bitsPerSecondMax: 64_000 },
      untilMs: Date.parse('2026-12-01T00:00:00Z'),
    },
    { bitsPerSecondMax: 64_000, until: '2026-12-01T00:00:00.000Z' },
  ]);
});

test.each([{ endpointId: 'user:bob' }, { credentialId: 'crd_1' }])(
  'of an account only what the trigger watches is throttled, by a policy: %o (TRG-2)',
  async (part) => {
    const { ports, did } = world();
    const due = dueOf({ kind: 'throttle', bitsPerSecondMax: 64_000 });
    const target = { ...due.rule.target, ...part };
    const outcome = await actOn({ ...due, rule: { ...due.rule, target } }, ports, nowMs);
    const until = '2026-12-01T00:00:00.000Z';
    expect(did).toEqual([
      { values: { bitsPerSecondMax: 64_000 }, untilMs: Date.parse(until) },
      // The account's log names what of it is held (ACC-8).
      { ...part, bitsPerSecondMax: 64_000, until },
    ]);
    const [id] = Object.values(part);
    expect(outcome).toMatchObject({ said: `It is held to 64000 bit/s for ${id} until ${until}.` });
  },
);

test('a service is turned off until the window ends, or where there is none until the trigger begins anew (TRG-2)', async () => {
  const { ports, did } = world();
  const due = dueOf({ kind: 'disableService', service: 'signaling' });
  expect(await actOn(due, ports, nowMs)).toMatchObject({ state: 'done' });
  const condition = { kind: 'threshold', limit: 10 } as const;
  expect(await actOn({ ...due, rule: { ...due.rule, condition } }, ports, nowMs)).toMatchObject({
    said: 'signaling is turned off.',
  });
  expect(did).toEqual([
    { service: 'signaling', untilMs: Date.parse('2026-12-01T00:00:00Z') },
    { disabledService: 'signaling', until: '2026-12-01T00:00:00.000Z' },
    { service: 'signaling', untilMs: undefined },
    { disabledService: 'signaling' },
  ]);
});

test('a feature is turned off as a service is (TRG-2)', async () => {
  const { ports, did } = world();
  const due = dueOf({ kind: 'disableFeature', feature: 'network-discovery.relay' });
  expect(await actOn(due, ports, nowMs)).toMatchObject({
    state: 'done',
    said: 'network-discovery.relay is turned off until 2026-12-01T00:00:00.000Z.',
  });
  expect(did).toEqual([
    { feature: 'network-discovery.relay', untilMs: Date.parse('2026-12-01T00:00:00Z') },
    { disabledFeature: 'network-discovery.relay', until: '2026-12-01T00:00:00.000Z' },
  ]);
});

test('a call is a delivery that the firing made: it says which webhook has it, or why none has, however late it is (TRG-2)', async () => {
  const due = dueOf({ kind: 'callback', webhookId: 'whk_1' }, { windowStartMs: 0, isCurrent: false });
  expect(await actOn(due, world().ports, nowMs)).toEqual({
    state: 'done',
    said: expect.stringContaining('whk_1'),
  });
  const disabled = world({ webhook: 'disabled' });
  expect(await actOn(due, disabled.ports, nowMs)).toMatchObject({ state: 'skipped' });
  const none: ActPorts = { ...world().ports, webhookState: async () => undefined };
  expect(await actOn(due, none, nowMs)).toMatchObject({ state: 'skipped', said: 'whk_1 was removed.' });
});

test('a suspension of an account that is not active any more changes nothing, and says so', async () => {
  expect(await actOn(dueOf({ kind: 'suspend' }), world().ports, nowMs)).toMatchObject({ state: 'done' });
  const unchanged = world({ state: 'unchanged' });
  expect(await actOn(dueOf({ kind: 'suspend' }), unchanged.ports, nowMs)).toMatchObject({ state: 'skipped' });
});

test('sessions are ended in parts that one transaction can hold, until none is left', async () => {
  const sessions = Array.from({ length: 450 }, (_, index) => `ses_${String(index).padStart(3, '0')}`);
  const { ports, did } = world({ sessions });
  let due = dueOf({ kind: 'endSessions' });
  const states: string[] = [];
  for (let part = 0; part < 9 && states.at(-1) !== 'done'; part++) {
    const outcome = await actOn(due, ports, nowMs);
    states.push(outcome.state);
    if (outcome.state === 'pending') due = { ...due, progress: outcome.progress };
  }
  expect(states).toEqual(['pending', 'pending', 'done']);
  expect(did.filter((each) => typeof each === 'string')).toEqual(sessions);
});

test.each([
  ['was changed since', { isCurrent: false }],
  ['no longer reaches its target', { reaches: false }],
  ['fired for a window that was over long before', { windowStartMs: Date.parse('2026-10-01T00:00:00Z') }],
])('a trigger that %s does nothing', async (_why, change) => {
  const { ports, did } = world({ sessions: ['ses_1'] });
  const actions: readonly Action[] = [
    { kind: 'suspend' },
    { kind: 'endSessions' },
    { kind: 'throttle', bitsPerSecondMax: 64_000 },
    { kind: 'disableService', service: 'signaling' },
    { kind: 'disableFeature', feature: 'signaling.place-calls' },
  ];
  for (const action of actions)
    expect(await actOn(dueOf(action, change), ports, nowMs)).toMatchObject({ state: 'skipped' });
  expect(did).toEqual([]);
});

test('a mail is written once, and one that nobody of the team gets any more is skipped with the reason', async () => {
  const due = dueOf({ kind: 'email', address: 'ops@example.test' });
  const written = world();
  expect(await actOn(due, written.ports, nowMs)).toMatchObject({ state: 'done' });
  expect(written.did).toEqual(['ops@example.test']);
  for (const mail of ['unknown', 'unavailable'] as const)
    expect(await actOn(due, world({ mail }).ports, nowMs)).toMatchObject({ state: 'skipped' });
});
