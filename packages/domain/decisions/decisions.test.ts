import { platformErrors } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import { heldRemedies } from '../policy/decide.ts';
import { decisions } from './definition.ts';
import { handlers } from './handlers.ts';
import { knownTo, nothingKnown } from './known.ts';
import type { DecisionsPorts } from './ports.ts';
import { ownerOfRefused, type RefusedRequest } from './refused-request.ts';

const [platformId, parentId, accountId] = [createId('acc', 1), createId('acc', 2), createId('acc', 3)];
const [requestId, sessionId] = [createId('req'), createId('ses')];
const at = new Date('2026-11-24T12:00:00.000Z');
const chain = [platformId, parentId, accountId].map((id) => ({ accountId: id, state: 'active' as const }));

const refused: RefusedRequest = {
  requestId,
  atMs: at.getTime(),
  accountId,
  actorId: 'key_1',
  actorName: 'A key',
  operation: 'keys.create',
  askedAccountId: accountId,
  code: 'account.suspended',
  status: 403,
  detail: `Account ${parentId} is suspended.`,
  rule: 'account.state',
  level: parentId,
  known: { ...nothingKnown, chain, policy: [{ rule: 'signaling.mode', value: 'auto', level: parentId }] },
};

const session = {
  id: sessionId,
  kind: 'relay',
  accountId,
  state: 'ended',
  participants: 0,
  startedAt: at,
  endCode: 'limit.credential_bytes',
} as const;

const lines = [
  { sessionId, at, kind: 'limit.reached', data: { limit: 'limit.credential_bytes', max: 7, outcome: 'end' } },
  {
    sessionId,
    at,
    kind: 'allocation.refused',
    data: { code: 'network-discovery.quota', detail: 'Two are in use.' },
  },
  {
    sessionId,
    at,
    kind: 'session.ended',
    data: { reason: { code: 'limit.credential_bytes', detail: '7 bytes.' } },
  },
];

function portsOf(
  log: Partial<DecisionsPorts['log']> = {},
  more: Partial<DecisionsPorts> = {},
): DecisionsPorts {
  return {
    sessions: { find: async (asked) => (asked.sessionId === sessionId ? (session as never) : undefined) },
    log: {
      listRefused: async () => ({ items: [refused] }),
      findRefused: async (asked) => (asked.requestId === requestId ? refused : undefined),
      findAllowed: async () => undefined,
      linesOf: async () => lines,
      linesOfCredential: async () => lines.slice(1, 2),
      ...log,
    },
    credentials: { standing: async () => undefined },
    states: { chainOf: async () => chain },
    pages: { find: (code) => ({ title: `Title of ${code}`, remedy: `Remedy of ${code}` }) },
    ...more,
  };
}

/** The context of a caller who sees their own account and nothing above it. */
const { context } = domainContext<typeof decisions, 'why', 'get'>(decisions, {
  chain: [platformId, parentId, accountId],
});
const ask = async (subject: string, ports: DecisionsPorts = portsOf(), visibleIds?: readonly string[]) => {
  const answer = await handlers.why.get({ ...context, visibleIds }, { subject }, ports);
  expect(decisions.resources.why.operations.get.response.strict().parse(answer)).toEqual(answer);
  return answer;
};

test('get 200: a refused request says its rule, level and remedy, and names nobody above the caller (PRD-8, C1)', async () => {
  const answer = await ask(requestId);
  expect(answer).toMatchObject({
    kind: 'request',
    decision: 'refused',
    at: at.toISOString(),
    operation: 'keys.create',
    code: 'account.suspended',
    detail: 'An account above is suspended.',
    rule: 'account.state',
    level: 'an account above',
    remedy: 'Remedy of account.suspended',
  });
  expect(answer.known.chain).toEqual([{ state: 'active' }, { accountId, state: 'active' }]);
  expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${platformId}|${parentId}`));
});

test.each([
  ['a trigger of an account above', heldRemedies.trigger],
  ['an invoice that is overdue', heldRemedies.overdue],
])('of what %s holds the remedy is not to change a policy (TRG-2, PRD-8)', async (holder, remedy) => {
  const detail = `services does not allow it, as held at user:eve by ${holder}.`;
  const held = { ...refused, code: 'policy.refused', detail, rule: 'services', level: 'user:eve' };
  const answer = await ask(requestId, portsOf({ findRefused: async () => held }));
  expect(answer).toMatchObject({ detail, rule: 'services', level: 'user:eve', remedy });
});

test.each([
  ['policy.refused', 'Ask'],
  ['limit.exceeded', 'Wait for the time in Retry-After, or ask'],
])(
  'of what an account above set the remedy of %s is to ask that one, and not whom it is set for (POL-2, C1)',
  async (code, asked) => {
    const detail = `services does not allow it, as set for ${accountId} by an account above.`;
    const set = { ...refused, code, detail, rule: 'services', level: accountId };
    const answer = await ask(requestId, portsOf({ findRefused: async () => set }));
    expect(answer).toMatchObject({ detail, level: accountId });
    expect(answer.remedy).toMatch(`${asked} the account above that set it.`);
  },
);

test('who sees the account above is told which it is, and still nothing of what is above that', async () => {
  const answer = await ask(requestId, portsOf(), [parentId, accountId]);
  expect(answer).toMatchObject({ level: parentId, detail: refused.detail });
  expect(JSON.stringify(answer)).not.toContain(platformId);
});

test('a request is looked for from where the caller’s reach begins: below that it need not stand', async () => {
  const asked: string[] = [];
  const ports = portsOf({
    findRefused: async (request) => {
      asked.push(request.accountId);
      return refused;
    },
  });
  await ask(requestId, ports, [parentId, accountId]);
  await ask(requestId, ports);
  expect(asked).toEqual([parentId, accountId]);
});

test('a request that failed was not refused; one that changed something was allowed', async () => {
  const failed = { ...refused, code: 'platform.internal', status: 500 };
  expect(await ask(requestId, portsOf({ findRefused: async () => failed }))).toMatchObject({
    decision: 'failed',
  });
  const allowed = {
    accountId,
    at,
    actorId: 'key_1',
    actorName: 'A key',
    action: 'keys.create',
    target: 'key_2',
  };
  const ports = portsOf({ findRefused: async () => undefined, findAllowed: async () => allowed });
  const answer = await ask(requestId, ports);
  expect(answer).toMatchObject({ decision: 'allowed', operation: 'keys.create' });
  expect(answer).not.toHaveProperty('code');
});

test('a session into which nobody came was refused, with each limit and refusal on the way', async () => {
  expect(await ask(sessionId)).toMatchObject({
    kind: 'session',
    decision: 'refused',
    operation: 'relay',
    code: 'limit.credential_bytes',
    detail: '7 bytes.',
    known: { limits: [{ name: 'limit.credential_bytes', max: 7 }] },
    moments: [
      { kind: 'limit.reached', code: 'limit.credential_bytes', detail: 'It allows 7.', sessionId },
      { kind: 'allocation.refused', code: 'network-discovery.quota', detail: 'Two are in use.' },
      { kind: 'session.ended', code: 'limit.credential_bytes' },
    ],
  });
  const joined = portsOf({}, { sessions: { find: async () => ({ ...session, participants: 2 }) as never } });
  expect(await ask(sessionId, joined)).toMatchObject({ decision: 'allowed', code: 'limit.credential_bytes' });
});

/** What is asked of a session that ended so, where the page of its code points at both. */
async function endOf(reason: object, endCode: string, seen?: Partial<DecisionsPorts>) {
  const ended = { sessionId, at, kind: 'session.ended', data: { reason } };
  const ports = portsOf(
    { linesOf: async () => [ended] },
    {
      sessions: { find: async () => ({ ...session, endCode }) as never },
      pages: { find: () => ({ title: 'It is.', remedy: 'Wait. `rule` names it. Ask `level`, please.' }) },
      ...seen,
    },
  );
  return ask(sessionId, ports);
}

test('a session that a policy refused says by which rule of which level, and one whose log does not say is not pointed at it (PRD-8)', async () => {
  const code = 'limit.exceeded';
  const detail = 'concurrentSessionsMax is reached, as set at plan.';
  expect(await endOf({ code, detail }, code)).toMatchObject({
    rule: 'concurrentSessionsMax',
    level: 'plan',
    remedy: 'Wait. `rule` names it. Ask `level`, please.',
  });
  const old = await endOf({ code, detail: 'A limit is reached.' }, code);
  expect(old).toMatchObject({ remedy: 'Wait.' });
  expect(old).not.toHaveProperty('rule');
  expect(old).not.toHaveProperty('level');
  // What somebody else wrote as the reason of an end is no word of a policy.
  expect(
    await endOf({ code: 'session.ended_by_account', detail }, 'session.ended_by_account'),
  ).not.toHaveProperty('rule');
});

test('a session of a suspended account says which account it was, without the name of one above (PRD-8, C1)', async () => {
  const code = 'account.suspended';
  const suspended = (id: string) => ({
    states: {
      chainOf: async () =>
        chain.map((one) => (one.accountId === id ? { ...one, state: 'suspended' as const } : one)),
    },
  });
  expect(await endOf({ code }, code, suspended(accountId))).toMatchObject({
    rule: 'account.state',
    level: accountId,
  });
  const above = await endOf({ code }, code, suspended(parentId));
  expect(above).toMatchObject({ level: 'an account above' });
  expect(JSON.stringify(above)).not.toContain(parentId);
  const active = await endOf({ code }, code);
  expect(active).toMatchObject({ remedy: 'Wait. `rule` names it.' });
  expect(active).not.toHaveProperty('level');
});

test('whoever is suspended is sent to those above, who alone can make the account active again, and not to its owner (PRD-8)', async () => {
  const pages = { find: () => platformErrors['account.suspended'] };
  const [above, own] = [parentId, accountId];
  const asked = { ...refused, level: own, detail: `Account ${own} is suspended.` };
  const answers = [
    await ask(requestId, portsOf({}, { pages })),
    await ask(requestId, portsOf({ findRefused: async () => asked }, { pages })),
    await endOf({ code: 'account.suspended' }, 'account.suspended', { pages }),
  ];
  for (const answer of answers) {
    expect(answer.remedy).toMatch(
      /only one above it makes it active again: ask whoever you have your account/,
    );
    expect(answer.remedy).not.toMatch(/owner/);
    expect(JSON.stringify(answer)).not.toContain(above);
    // It points at the level where there is one.
    expect(/`level` names/.test(answer.remedy ?? '')).toBe(answer.level !== undefined);
  }
  expect(answers.map(({ level }) => level)).toEqual(['an account above', own, undefined]);
});

test('a credential says rule and level; one that a policy keeps from one service alone is good, and says from which', async () => {
  const refusal = { code: 'policy.refused', detail: 'No.', rule: 'features', level: parentId };
  const standing = { accountId, prefixIds: ['crd_1'], name: 'user:bob', known: { ...nothingKnown, chain } };
  const asked = (more: object) =>
    ask(
      'AbCd',
      portsOf({}, { credentials: { standing: async () => ({ ...standing, refusal: undefined, ...more }) } }),
    );
  const told = { code: 'policy.refused', rule: 'features', level: 'an account above' };
  expect(await asked({ refusal })).toMatchObject({ decision: 'refused', ...told });
  expect(await asked({ partly: { ...refusal, service: 'network-discovery' } })).toMatchObject({
    decision: 'allowed',
    detail: 'network-discovery does not take it: No.',
    ...told,
  });
});

test('a credential is judged as it stands now', async () => {
  const standing = {
    accountId,
    prefixIds: ['crd_1'],
    name: 'user:bob',
    refusal: { code: 'credential.expired', detail: 'It expired.' },
    known: { ...nothingKnown, chain },
  };
  const ports = portsOf({}, { credentials: { standing: async () => standing } });
  expect(await ask('AbCd', ports)).toMatchObject({
    kind: 'credential',
    decision: 'refused',
    at: new Date(context.nowMs()).toISOString(),
    code: 'credential.expired',
    actor: { id: 'crd_1', name: 'user:bob' },
    moments: [{ kind: 'allocation.refused', code: 'network-discovery.quota' }],
  });
  const good = portsOf({}, { credentials: { standing: async () => ({ ...standing, refusal: undefined }) } });
  expect(await ask('AbCd', good)).toMatchObject({ decision: 'allowed' });
});

test.each([
  [createId('req'), /nothing is kept here/],
  [createId('ses'), /has no session/],
  ['no such thing', /no username that a key of this account minted/],
])('what is unknown and what is out of reach are told alike: %s', async (subject, words) => {
  await expect(ask(subject)).rejects.toMatchObject({
    fields: { status: 404, publicDetail: expect.stringMatching(words) },
  });
});

test('list 200: refused requests without what was known, and without the name of who is above', async () => {
  const { context: listing } = domainContext<typeof decisions, 'why', 'list'>(decisions, {
    chain: [accountId],
  });
  const page = await handlers.why.list(listing, { limit: 20 }, portsOf());
  expect(page.items).toEqual([
    {
      requestId,
      at: at.toISOString(),
      accountId,
      actorId: 'key_1',
      actorName: 'A key',
      operation: 'keys.create',
      code: 'account.suspended',
      status: 403,
      detail: 'An account above is suspended.',
    },
  ]);
});

describe('in whose log a refused request stands', () => {
  const reach = { chain: [platformId, parentId, accountId], grantedIds: [platformId, parentId] };
  test.each([
    [
      'a key’s, in its own account, whatever it asked for',
      { kind: 'key', keyId: 'k', accountId: parentId },
      parentId,
    ],
    ['a user’s, where they hold the nearest role', { kind: 'user', userId: 'u' }, parentId],
    ['a stranger’s, nowhere', { kind: 'stranger' }, undefined],
  ] as const)('%s', (_title, actor, expected) => {
    expect(ownerOfRefused(actor, reach)).toBe(expected);
  });
  test('a user’s who reaches nothing of it, nowhere', () => {
    expect(ownerOfRefused({ kind: 'user', userId: 'u' }, undefined)).toBeUndefined();
  });
});

test('of a tree that was changed since, only the end of the chain is told', () => {
  const { known } = knownTo([createId('acc', 9)], { ...nothingKnown, chain });
  expect(known.chain).toEqual([{ state: 'active' }, { accountId, state: 'active' }]);
});

test('however many are above, they are one state: that of the topmost that is not active (PRD-2)', () => {
  for (const suspendedId of [platformId, parentId]) {
    const stopped = chain.map((level) =>
      level.accountId === suspendedId ? { ...level, state: 'suspended' as const } : level,
    );
    expect(knownTo([accountId], { ...nothingKnown, chain: stopped }).known.chain).toEqual([
      { state: 'suspended' },
      { accountId, state: 'active' },
    ]);
  }
  expect(knownTo([parentId, accountId], { ...nothingKnown, chain }).known.chain).toEqual([
    { state: 'active' },
    ...chain.slice(1),
  ]);
});
