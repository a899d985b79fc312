/**
 * Account B, who knows every id of account A, reads and changes nothing of A: over the sockets of a signaling node and
 * over the pages of the dashboard, on a started platform. REST, tRPC and the tables themselves are attacked in
 * tenants-apart.test.ts and tenant-wall.test.ts.
 */
import { createHmac } from 'node:crypto';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { until } from '../src/until.ts';
import { callProcedure, visit } from '../src/wall/dashboard.ts';
import { attackPages, attackProcedures, type Victim } from '../src/wall/dashboard-attack.ts';
import { routeTree } from '../src/wall/route-tree.ts';
import { type AttackedCall, attackSignaling } from '../src/wall/signaling-attack.ts';
import { SignalingPeer } from '../src/wall/signaling-peer.ts';
import {
  ask,
  MARK,
  makeTenants,
  PASSWORD,
  type Tenant,
  type Tenants,
  takeInvitation,
} from '../src/wall/tenants.ts';
import { changedRows, ownerOf, rowsOf } from '../src/wall/victim-rows.ts';

const media = { audio: true, video: false, screen: false };
const SDP = 'v=0 of the victim';
/** Identities bear no mark: the attackers take the same ones, and read them in logs of their own. */
const identities = ['alice', 'bob', 'carol', 'dora'];

let platform: RunningPlatform;
let url: string;
let signalUrl: string;
let owner: Client;
let tenants: Tenants;

beforeAll(async () => {
  // An attacker who is told to come back later has not tried.
  platform = await startPlatform({ env: { PATCHBAY_REQUESTS_PER_MINUTE_MAX: '1000000' } });
  url = platform.env.PATCHBAY_URL ?? '';
  signalUrl = platform.env.PATCHBAY_SIGNAL_URL ?? '';
  owner = await ownerOf(platform.dataDir);
  tenants = await makeTenants(url);
}, 120_000);

afterAll(async () => {
  await owner?.end();
  await platform?.stop();
}, 120_000);

/** A token for an identity of somebody's account. Who may not mint there asks the account above to. */
async function tokenOf({ accountId }: Pick<Tenant, 'accountId'>, identity: string): Promise<string> {
  const { parent, attackers } = tenants;
  const minter = attackers.find((each) => each.isTop && each.accountId === accountId) ?? parent;
  return (await ask(minter, 'signaling.createToken', { accountId, identity })).token;
}

const welcomeOf = ({ frames }: SignalingPeer) => {
  const welcome = frames.find((frame) => frame.type === 'authenticated');
  if (welcome === undefined) throw new Error('The victim was not let in.');
  return welcome;
};

/** A call of the victim's that runs, and one that rings. */
async function placeCalls() {
  const open = async (identity: string) =>
    SignalingPeer.open(signalUrl, await tokenOf(tenants.victim, identity));
  const peers = await Promise.all(identities.map(open));
  const [alice, bob, carol, dora] = peers;
  if (!alice || !bob || !carol || !dora) throw new Error('Four were to come.');
  alice.send({ type: 'call', requestId: 'one', to: 'user:bob', media });
  const { sessionId } = await bob.frame('incoming');
  bob.send({ type: 'accept', sessionId, media });
  const started = await alice.frame('started');
  await bob.frame('started');
  carol.send({ type: 'call', requestId: 'two', to: 'user:dora', media });
  const ringing = await dora.frame('incoming');
  await carol.frame('ringing');
  const call: AttackedCall = {
    accountId: tenants.victim.accountId,
    identities,
    sessionIds: [sessionId, ringing.sessionId],
    generation: started.generation,
    resumeTokens: peers.map((peer) => welcomeOf(peer).resumeToken),
    marks: [
      ...peers.map((peer) => welcomeOf(peer).connectionId),
      ...[started.legId, ringing.legId, tenants.victim.accountId],
      ...started.iceServers.flatMap(({ credential }) => credential ?? []),
    ],
  };
  return { call, peers, alice, bob, carol, dora };
}

describe('signaling', () => {
  test('whoever is not of A’s account neither hears nor moves A’s calls, with every id and the same names (C1)', async () => {
    const { call, peers, alice, bob, carol, dora } = await placeCalls();
    const [sessionId = '', ringingId = ''] = call.sessionIds;
    const heardBefore = peers.map((peer) => peer.heard().length);
    for (const attacker of tenants.attackers) {
      const token = (identity: string) => tokenOf(attacker, identity);
      expect(await attackSignaling({ ...attacker, signalUrl, token }, call)).toEqual([]);
    }
    await Promise.all(peers.map((peer) => peer.settle()));
    expect(peers.map((peer) => peer.heard().length)).toEqual(heardBefore);
    expect(peers.map(({ closeCode }) => closeCode)).toEqual(peers.map(() => undefined));

    // The call still runs, and the other one can still be answered.
    const { generation } = call;
    const data = { kind: 'description', type: 'offer', sdp: SDP } as const;
    alice.send({ type: 'signal', sessionId, generation, data });
    expect((await bob.frame('signal')).data).toMatchObject({ sdp: SDP });
    dora.send({ type: 'accept', sessionId: ringingId, media });
    await carol.frame('started');
    alice.send({ type: 'hangup', sessionId });
    carol.send({ type: 'hangup', sessionId: ringingId });
    expect((await bob.frame('ended')).reason.code).toBe('signaling.hung_up');
    const log = await until(
      async () => {
        const { accountId } = tenants.victim;
        const { items } = await ask(tenants.victim, 'sessions.listLog', { accountId, sessionId });
        return items.at(-1)?.kind === 'session.ended' && items;
      },
      { what: 'the log of the session', timeoutMs: 20_000 },
    );
    // No line of it was an attacker's doing.
    expect(log.map(({ kind }: { kind: string }) => kind)).toEqual([
      ...['session.created', 'leg.joined', 'leg.ringing', 'leg.joined'],
      ...['leg.left', 'leg.left', 'session.ended'],
    ]);
    for (const peer of peers) peer.close();
  });
});

/** `next-auth.session-token=…`, with another value. */
const withToken = ({ url, cookie }: Tenant, token: string) => ({
  url,
  cookie: `${cookie.slice(0, cookie.indexOf('='))}=${token}`,
});

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the front door', () => {
  const whoIs = async (visitor: { url: string; cookie: string }) =>
    (await callProcedure(visitor, 'me.get', { method: 'GET', input: {} })).status;

  test('C12: the cookie of a sign-in is of this host alone, for no script, and comes from no other site', async () => {
    const csrf = await fetch(`${url}/api/auth/csrf`);
    const { csrfToken } = (await csrf.json()) as { csrfToken: string };
    const cookie = csrf.headers.getSetCookie().map((one) => one.split(';')[0]);
    const form = { csrfToken, email: 'stranger@wall.test', password: PASSWORD, json: 'true' };
    const signIn = (callbackUrl: string) =>
      fetch(`${url}/api/auth/callback/credentials`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: cookie.join('; ') },
        body: new URLSearchParams({ ...form, callbackUrl }),
      });
    const set = (await signIn('/')).headers.getSetCookie().find((one) => one.includes('session-token='));
    expect(set).toMatch(/; HttpOnly/i);
    expect(set).toMatch(/; SameSite=Lax/i);
    expect(set).toMatch(/; Path=\/(;|$)/i);
    expect(set).not.toMatch(/; Domain=/i);
  });

  test('C14: whoever signs in is sent to no other site', async () => {
    for (const elsewhere of ['https://evil.test/', '//evil.test/', 'https:evil.test', `${url}.evil.test/`]) {
      const csrf = await fetch(`${url}/api/auth/csrf?callbackUrl=${encodeURIComponent(elsewhere)}`);
      const { csrfToken } = (await csrf.json()) as { csrfToken: string };
      const cookie = csrf.headers.getSetCookie().map((one) => one.split(';')[0]);
      const form = { csrfToken, email: 'stranger@wall.test', password: PASSWORD, callbackUrl: elsewhere };
      for (const json of ['true', 'false']) {
        const answer = await fetch(`${url}/api/auth/callback/credentials`, {
          method: 'POST',
          redirect: 'manual',
          headers: { cookie: cookie.join('; ') },
          body: new URLSearchParams({ ...form, json }),
        });
        const text = await answer.text();
        const location = answer.headers.get('location');
        // What is no address at all is refused, and leads nowhere.
        if (location === null && text === '') expect(answer.status, elsewhere).toBeGreaterThanOrEqual(400);
        const leads = location ?? (text.startsWith('{') ? (JSON.parse(text) as { url: string }).url : url);
        expect(new URL(leads, url).origin, elsewhere).toBe(new URL(url).origin);
      }
    }
  });

  test('C15: a cookie without a signature, with another one or with one bit changed signs nobody in', async () => {
    const [stranger] = tenants.attackers;
    if (stranger === undefined) throw new Error('There is no attacker.');
    const { rows } = await owner.query<{ id: string }>(
      'SELECT id FROM sign_in_session WHERE revoked_at IS NULL',
    );
    const claims = encoded({ signInSessionId: rows[0]?.id, exp: 9_999_999_999, iat: 1_000_000_000 });
    const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${claims}`;
    const own = stranger.cookie.slice(stranger.cookie.indexOf('=') + 1);
    const forged = [
      `${encoded({ alg: 'none', typ: 'JWT' })}.${claims}.`,
      `${signed}.${createHmac('sha256', '').update(signed).digest('base64url')}`,
      `${encoded({ alg: 'dir', enc: 'A256GCM' })}..${'A'.repeat(16)}.${claims}.${'A'.repeat(22)}`,
      own.slice(0, -2) + (own.endsWith('AA') ? 'BB' : 'AA'),
      rows[0]?.id ?? '',
    ];
    expect(rows.length).toBeGreaterThan(0);
    expect(await whoIs(stranger)).toBe(200);
    for (const token of forged) expect(await whoIs(withToken(stranger, token)), token).toBe(401);
  });

  test('C41: with somebody’s cookie, no page of another site changes anything', async () => {
    const [stranger] = tenants.attackers;
    if (stranger === undefined) throw new Error('There is no attacker.');
    const { accountId } = stranger;
    const rename = (headers: Record<string, string>, name: string) =>
      visit(stranger, '/api/trpc/accounts.update', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ accountId, name }),
      });
    for (const headers of [
      {},
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { origin: `${url}.evil.test` },
      { origin: 'https://evil.test', 'content-type': 'text/plain' },
    ])
      expect((await rename(headers, 'Forged')).status, JSON.stringify(headers)).toBe(403);
    expect((await ask(stranger, 'accounts.get', { accountId })).name).not.toBe('Forged');
    expect((await rename({ origin: url }, 'Renamed')).status).toBe(200);
  });

  test('C42: every answer forbids frames, foreign scripts and guesses of its type, asks for TLS, and is open to no other site', async () => {
    const [stranger] = tenants.attackers;
    if (stranger === undefined) throw new Error('There is no attacker.');
    const seen: string[] = [];
    for (const place of [
      '/sign-in',
      '/sign-in',
      `/accounts/${stranger.accountId}`,
      '/v1/openapi.json',
      '/v1/me',
      '/there/is/nothing',
    ]) {
      const { headers } = await fetch(`${url}${place}`, {
        headers: { cookie: stranger.cookie, origin: 'https://evil.test' },
      });
      const policy = headers.get('content-security-policy') ?? '';
      for (const directive of [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
      ])
        expect(policy, place).toContain(directive);
      const scripts = policy.split('; ').find((part) => part.startsWith('script-src')) ?? '';
      expect(scripts, place).toMatch(/^script-src ('none'|'nonce-[A-Za-z0-9+/]{22}==' 'strict-dynamic')$/);
      seen.push(scripts);
      expect(headers.get('x-content-type-options'), place).toBe('nosniff');
      expect(headers.get('x-frame-options'), place).toBe('DENY');
      expect(headers.get('strict-transport-security'), place).toMatch(/^max-age=\d{7,}/);
      expect(headers.get('access-control-allow-origin'), place).toBeNull();
      expect(headers.get('x-powered-by'), place).toBeNull();
    }
    // A nonce that came twice could be written into a page by whoever read it.
    const nonces = seen.filter((scripts) => scripts.includes('nonce'));
    expect([nonces.length, new Set(nonces).size]).toEqual([4, 4]);
  });
});

/** What there is to steal: the session of the call above among it. Asked for once: what the victim asks is use of its own. */
const victimOf = (of: Tenants): Promise<Victim> => {
  found ??= findVictim(of);
  return found;
};
let found: Promise<Victim> | undefined;

async function findVictim({ victim }: Tenants): Promise<Victim> {
  const { accountId, ids } = victim;
  // A call that the account below rang up with is that account's own.
  const { items } = await ask(victim, 'sessions.list', { accountId, state: 'all', scope: 'own' });
  const session = items[0];
  const speech = await ask(victim, 'textToSpeech.synthesize', { accountId, text: MARK });
  const { id: jobId } = await ask(victim, 'transcoding.probe', { accountId, uri: `https://${MARK}.test/` });
  const detection = await ask(victim, 'speechDetection.createJob', {
    accountId,
    uri: `https://${MARK}.test/`,
  });
  const notice = await ask(victim, 'notification.send', { accountId, identity: MARK, title: MARK });
  const subscription = await ask(victim, 'notification.addSubscription', {
    accountId,
    identity: MARK,
    fcm: { token: MARK },
  });
  const webPush = { contact: `mailto:ops@${MARK}.test` };
  await ask(victim, 'notification.putWay', { accountId, way: 'web-push', webPush });
  await ask(victim, 'presence.set', { accountId, identity: MARK, state: 'away', note: MARK });
  await ask(victim, 'conferencing.setRoom', { accountId, room: MARK, organiser: `user:${MARK}` });
  const found = {
    ...{ sessionId: session.id, legId: session.legs[0].id, speechId: speech.id, jobId },
    detectionJobId: detection.id,
    ...{ noticeId: notice.id, subscriptionId: subscription.id },
    room: MARK,
    identity: MARK,
    objectId: /obj_\w+/.exec(speech.url)?.[0] ?? '',
  };
  return {
    accountId,
    ids: { ...ids, ...found, sellerId: accountId },
    marks: [
      ...[MARK, '7654321', ...Object.values(ids).filter((id) => id.includes('_'))],
      ...Object.values(found),
    ],
  };
}

/** Nodes upload every 5 seconds: after two of them nothing of the calls above is under way any more. */
const UPLOAD_MS_MAX = 12_000;

async function settledRows(accountId: string) {
  let before = await rowsOf(owner, accountId);
  let changedAtMs = Date.now();
  return until(
    async () => {
      const after = await rowsOf(owner, accountId);
      if (changedRows(before, after).length > 0) changedAtMs = Date.now();
      before = after;
      return Date.now() - changedAtMs > UPLOAD_MS_MAX && after;
    },
    { what: 'the usage to be written', timeoutMs: 60_000, pollMs: 1_000 },
  );
}

describe('the dashboard', () => {
  test('no page, route, stream or server action tells A’s to somebody else, or changes it (C1)', async () => {
    const victim = await victimOf(tenants);
    const before = await settledRows(victim.accountId);
    expect(routeTree().filter(({ kind }) => kind === 'page').length).toBeGreaterThan(12);
    for (const attacker of tenants.attackers) {
      const marks = attacker.isBelow ? ownMarks(victim) : victim.marks;
      const { findings, requestCount } = await attackPages(attacker, { ...victim, marks });
      expect(findings).toEqual([]);
      expect(requestCount).toBeGreaterThan(attacker.isFirst ? 400 : 150);
    }
    expect(changedRows(before, await rowsOf(owner, victim.accountId))).toEqual([]);
    // Thousands of requests, and more with every page.
  }, 420_000);

  test('no procedure that a page calls tells A’s to somebody else, or changes it (C1)', async () => {
    const victim = await victimOf(tenants);
    const before = await rowsOf(owner, victim.accountId);
    for (const attacker of tenants.attackers) {
      const marks = attacker.isBelow ? ownMarks(victim) : victim.marks;
      expect((await attackProcedures(attacker, { ...victim, marks })).findings).toEqual([]);
    }
    expect(changedRows(before, await rowsOf(owner, victim.accountId))).toEqual([]);
  });

  test('an invitation of A’s is nobody else’s to take, with its link known (ACC-3)', async () => {
    const before = await rowsOf(owner, tenants.victim.accountId);
    for (const attacker of tenants.attackers) {
      const answer = await takeInvitation(attacker, tenants.victim.setUpPath);
      expect(answer, attacker.name).not.toContain(tenants.victim.accountId);
    }
    expect(changedRows(before, await rowsOf(owner, tenants.victim.accountId))).toEqual([]);
  });

  test('the way in leads nobody to an account that is not theirs, whatever the browser remembers', async () => {
    for (const attacker of tenants.attackers) {
      const headers = { cookie: `patchbay-account=${tenants.victim.accountId}` };
      const { location } = await visit(attacker, '/', { headers });
      expect(location).toContain('/accounts/');
      expect(location).not.toContain(tenants.victim.accountId);
    }
  });

  test('with the guard taken down by hand, where a user’s reach is read, the same attack is red', async () => {
    const victim = await victimOf(tenants);
    const [stranger] = tenants.attackers;
    if (stranger === undefined) throw new Error('There is no attacker.');
    const definition = await owner.query<{ sql: string }>(
      `SELECT pg_get_functiondef('user_reach(text)'::regprocedure) AS sql`,
    );
    await owner.query(`CREATE OR REPLACE FUNCTION user_reach(of_user text)
      RETURNS TABLE (account_id text, account_name text, role text, depth int, custom_role_id text,
        custom_role_name text, scopes text[], is_test boolean)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
      AS $$ SELECT a.id, a.name, 'viewer', a.depth, NULL::text, NULL::text, NULL::text[], a.is_test FROM account a
        ORDER BY a.depth, a.id $$`);
    try {
      const { findings } = await attackProcedures(stranger, victim);
      expect(findings.filter((finding) => finding.includes('answers 200')).length).toBeGreaterThan(10);
      expect(findings.join('\n')).toContain(`applications.list at the victim tells ${MARK}`);
      expect(findings.join('\n')).toContain(`team.list at the victim tells ${MARK}`);
    } finally {
      await owner.query(definition.rows[0]?.sql ?? '');
    }
    // That it is green with the guard in place was seen above.
  });
});

/**
 * A child knows its own name, which bears the mark here, and who sells to it: at which prices is on its own statement.
 * The ids of what the victim has are none of its business.
 */
const ownMarks = ({ marks }: Victim) => [
  ...marks.filter((mark) => /^(app|key|usr|ses|leg|spk|obj)_/.test(mark)),
  ...['owner', 'application', 'key', 'member'].map((name) => `${MARK}-${name}`),
];
