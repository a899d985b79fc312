/** An account with one thing of each kind in it, as old as a test likes. */
import { createId } from '@patchbay/kit/ids';
import type { Client } from 'pg';

const DAY_MS = 86_400_000;

export interface Filling {
  readonly atMs: number;
  /** Without `user:`. */
  readonly identity: string;
  /** In the texts of everything that is the account's own. */
  readonly mark: string;
  /** Also a session that is still live. */
  readonly isLive?: boolean;
}

/** Puts rows past every policy into the tables that have persons in them, and into those that are an account's own. */
export async function fillAccount(owner: Client, accountId: string, filling: Filling) {
  const { atMs, identity, mark, isLive = false } = filling;
  const at = new Date(atMs);
  const id = (prefix: Parameters<typeof createId>[0]) => createId(prefix, atMs);
  const put = async (table: string, row: Readonly<Record<string, unknown>>) => {
    const names = Object.keys(row);
    await owner.query(
      `INSERT INTO ${table} (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, place) => `$${place + 1}`).join(', ')})`,
      Object.values(row),
    );
  };
  const own = { account_id: accountId };
  const [sessionId, legId, applicationId] = [id('ses'), id('leg'), id('app')];
  await put('application', {
    id: applicationId,
    ...own,
    name: `${mark}-application`,
    instance_types: [],
    created_at: at,
  });
  const endedAt = isLive ? null : at;
  const state = isLive ? 'live' : 'ended';
  const times = { started_at: at, ended_at: endedAt };
  await put('session', {
    id: sessionId,
    ...own,
    state,
    leg_ids: [legId],
    joined_leg_ids: [legId],
    left_leg_ids: [],
    ...times,
  });
  await put('session_leg', {
    id: legId,
    session_id: sessionId,
    ...own,
    identity,
    joined_at: at,
    left_at: endedAt,
  });
  const lines: readonly (readonly [string, object])[] = [
    ['session.created', { identity, to: `user:callee-of-${mark}`, mode: 'auto' }],
    ['leg.joined', { identity, accountId }],
    [
      'session.ended',
      { reason: { code: 'signaling.x', detail: `No device of user:${identity} is connected.` } },
    ],
  ];
  for (const [index, [kind, data]] of lines.entries())
    await put('session_event', {
      session_id: sessionId,
      sequence: index + 1,
      ...own,
      leg_id: legId,
      at,
      kind,
      data,
    });
  const channel = { ...own, channel: `${mark}-news` };
  await put('channel', { ...own, name: channel.channel, epoch: mark, head_offset: 1, published_at: at });
  await put('channel_message', {
    ...channel,
    ...{ message_offset: 1, epoch: mark, id: id('msg'), published_at: at, publisher: identity },
    ...{ encoding: 'json', data: JSON.stringify({ mark }), forget_at: new Date(atMs + 7 * DAY_MS) },
  });
  await put('channel_member', {
    ...channel,
    ...{ connection_id: `${mark}-connection`, identity, node_id: 'nod_x', boot: '1', joined_at: at },
  });
  await put('endpoint_registration', {
    ...own,
    ...{
      connection_id: `${mark}-connection`,
      identity,
      device_id: `${mark}-device`,
      device_name: `${mark} phone`,
    },
    ...{ device_kind: 'mobile', application_id: applicationId, node_id: 'nod_x', boot: '1', since: at },
  });
  const said = { state: 'away', note: `${mark}-note`, set_at: at, last_seen_at: at };
  await put('identity_presence', { ...own, identity, is_online: true, ...said });
  const invited = [{ identity: `user:${identity}`, role: 'speaker' }];
  await put('conference_room', { ...own, name: `${mark}-room`, settings: JSON.stringify({ invited }) });
  const snapshot = JSON.stringify({ participants: [{ identity: `user:${identity}`, mark }] });
  const room = { ...own, name: `${mark}-room`, node_id: 'nod_x', lease_until: at, snapshot };
  await put('live_room', room);
  const objectId = id('obj');
  const servedFor = { application_id: applicationId, endpoint_id: `user:${identity}`, created_at: at };
  await put('stored_object', {
    ...{ id: objectId, ...own, ...servedFor, service: 'text-to-speech', kind: 'speech' },
    ...{ data_class: 'speechFiles', media_type: `audio/x-${mark}`, size_bytes: 3, duration_ms: 1 },
  });
  await put('speech', {
    ...{
      id: id('spk'),
      ...own,
      ...servedFor,
      state: 'completed',
      delivery: 'sync',
      format: 'wav',
      voices: [mark],
    },
    ...{ sample_rate_hz: 8_000, characters: 1, words: 1, object_id: objectId, finished_at: at },
    ...{ concurrent_max: 1, regions: [] },
  });
  await put('speech_detection_job', {
    ...{ id: id('dtc'), ...own, ...servedFor, kind: 'presence', state: 'completed', priority: 1 },
    ...{ media: JSON.stringify({ mark }), findings: JSON.stringify({ mark }), finished_at: at },
    ...{ concurrent_max: 1, regions: [] },
  });
  const noticeId = id('ntc');
  const noticed = { endpoint_id: `user:${identity}`, application_id: applicationId, created_at: at };
  await put('notice', {
    ...{ id: noticeId, ...own, ...noticed, state: 'read', content: JSON.stringify({ title: mark }) },
    ...{ urgency_rank: 1, ways: ['email'], emails_per_day: 1, step: 1, expires_at: at, read_at: at },
  });
  await put('notice_delivery', {
    ...{ ...own, notice_id: noticeId, number: 0, step: 0, way: 'email', state: 'accepted', at },
    ...{ device: `${mark}-device`, attempt_count: 1 },
  });
  await put('notice_subscription', {
    ...{ id: id('nsb'), ...own, endpoint_id: `user:${identity}`, way: 'email', device: `${mark}-device` },
    ...{ target: Buffer.from(`sealed-${mark}`), target_tag: mark, label: `${mark}-label`, created_at: at },
  });
  await put('notice_way', {
    ...{
      ...own,
      way: `${mark}-way`,
      settings: JSON.stringify({ from: mark }),
      secret: Buffer.from(`sealed-${mark}`),
    },
    changed_at: at,
  });
  await put('transcoding_job', {
    ...{ id: id('trc'), ...own, ...servedFor, purpose: 'probe', state: 'completed', priority: 1 },
    ...{ media: JSON.stringify({ mark }), finished_at: at, concurrent_max: 1, regions: [] },
  });
  const eventId = id('evt');
  const position = (await owner.query('SELECT coalesce(max(position), 0) + 1 AS p FROM platform_event'))
    .rows[0].p;
  const told = { type: 'signaling.call.ended', at, session_id: sessionId, data: { identity, mark } };
  await put('platform_event', { id: eventId, position, ...own, ...told });
  const [webhookId, deliveryId] = [id('whk'), id('dlv')];
  const webhook = {
    url: `https://${mark}.test/hooks`,
    event_types: ['*'],
    secret_ciphertext: Buffer.from(`secret-${mark}`),
  };
  await put('webhook', { id: webhookId, ...own, ...webhook, created_at: at });
  const ended = { state: 'delivered', created_at: at, ended_at: at };
  await put('webhook_delivery', {
    id: deliveryId,
    webhook_id: webhookId,
    ...own,
    event_id: eventId,
    position,
    ...ended,
  });
  const response = `thanks, user:${identity}`;
  await put('webhook_attempt', {
    delivery_id: deliveryId,
    number: 1,
    ...own,
    started_at: at,
    status: 200,
    response,
    response_headers: JSON.stringify({ 'x-user': `user:${identity}` }),
  });
  const refused = {
    actor_id: 'key_x',
    actor_name: `${mark}-key`,
    operation: 'x.y',
    code: 'a.b',
    status: 403,
  };
  const detail = `There is no user:${identity} here.`;
  await put('refused_request', { id: id('req'), ...own, at, ...refused, detail, known: { chain: [] } });
  const triggerId = id('trg');
  const counts = {
    counts: 'usage',
    subject: 'relay.bytes',
    condition: 'recurring',
    limit_value: 1,
    period: 'day',
  };
  const target = { target_id: accountId, with_descendants: false, action: { kind: 'notify' } };
  const trigger = { id: triggerId, ...own, name: `${mark}-trigger`, ...counts, ...target, time_zone: 'UTC' };
  await put('usage_trigger', { ...trigger, endpoint_id: `user:${identity}` });
  const fired = {
    trigger_id: triggerId,
    generation: 1,
    window_start: at,
    target_id: accountId,
    value: 1,
    limit_value: 1,
  };
  await put('trigger_firing', {
    id: id('fir'),
    ...own,
    ...fired,
    action: { kind: 'notify' },
    fired_at: at,
    state: 'done',
  });
  await put('policy', {
    ...own,
    by: 'self',
    endpoint: `user:${identity}`,
    word: { values: {}, locked: [], overridable: {} },
  });
  const conflict = {
    node_id: 'nod_x',
    boot: 1,
    sequence: atMs,
    body_hash: Buffer.from(mark),
    reason: 'value_undeclared',
  };
  await put('usage_conflict', { ...conflict, ...own, body: { endpointId: `user:${identity}` }, seen_at: at });
  const entry = {
    actor_id: 'key_x',
    actor_name: `${mark}-key`,
    action: 'x.y',
    target: accountId,
    request_id: id('req'),
  };
  const changed = { address: '192.0.2.7', after: { identity, note: `${mark} was here` } };
  await put('audit_entry', { id: id('aud'), ...own, ...entry, ...changed, account_path: [accountId] });
  await put('mail', {
    id: id('mail'),
    ...own,
    recipient: `${mark}@mail.test`,
    subject: mark,
    state: 'sent',
    created_at: at,
  });
  const endpoint = {
    namespace: 'user',
    identifier: `user:${identity}`,
    label: `${mark}-endpoint`,
    allocated_at: at,
  };
  await put('endpoint', { id: id('end'), ...own, ...endpoint });
  await put('price', {
    id: id('prc'),
    ...own,
    service: mark,
    meter: 'bytes',
    dimensions: {},
    amount: 1,
    per: 1,
    currency: 'EUR',
    effective_from: new Date(atMs - (atMs % 60_000)),
  });
  return { sessionId, legId, eventId, webhookId, deliveryId, triggerId, applicationId };
}

/** Makes entries of an account's audit log older, and chains them anew as if they had always been. */
export async function ageAudit(owner: Client, accountId: string, byDays: number): Promise<void> {
  const { rows } = await owner.query<{ sequence: string }>(
    'SELECT sequence FROM audit_entry WHERE account_id = $1 ORDER BY sequence',
    [accountId],
  );
  for (const { sequence } of rows) {
    await owner.query(
      `UPDATE audit_entry e SET at = e.at - $3 * interval '1 day', previous_hash = coalesce(
         (SELECT p.hash FROM audit_entry p WHERE p.account_id = e.account_id AND p.sequence = e.sequence - 1),
         (SELECT b.hash FROM audit_base b WHERE b.account_id = e.account_id AND b.sequence = e.sequence - 1), '\\x')
       WHERE e.account_id = $1 AND e.sequence = $2`,
      [accountId, sequence, byDays],
    );
    await owner.query(
      'UPDATE audit_entry e SET hash = audit_hash(e) WHERE e.account_id = $1 AND e.sequence = $2',
      [accountId, sequence],
    );
    await owner.query(
      `UPDATE audit_head h SET hash = e.hash FROM audit_entry e
       WHERE h.account_id = $1 AND e.account_id = $1 AND e.sequence = $2 AND h.sequence = $2`,
      [accountId, sequence],
    );
  }
}

/** Moves all usage into the past, past the days that usage is taken for. */
export async function ageUsage(owner: Client, byDays: number): Promise<void> {
  const { rows } = await owner.query<{ day: string }>(
    'SELECT DISTINCT (day - $1::int)::text AS day FROM usage_record',
    [byDays],
  );
  for (const { day } of rows) {
    const partition = `usage_days.d${day.replaceAll('-', '')}`;
    await owner.query(`CREATE TABLE ${partition} (LIKE usage_record INCLUDING DEFAULTS INCLUDING INDEXES)`);
    await owner.query(`ALTER TABLE ${partition} OWNER TO patchbay_wall`);
    await owner.query(
      `ALTER TABLE usage_record ATTACH PARTITION ${partition} FOR VALUES FROM ('${day}') TO ('${new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10)}')`,
    );
  }
  const back = `- ${byDays} * interval '1 day'`;
  await owner.query(
    `UPDATE usage_record SET day = day - ${byDays}, from_at = from_at ${back}, to_at = to_at ${back}`,
  );
  await owner.query(`UPDATE usage_minute_total SET minute = minute ${back}`);
  await owner.query(`UPDATE usage_span_total SET starts_at = starts_at ${back}`);
  await owner.query(`UPDATE usage_session_total SET first_at = first_at ${back}, last_at = last_at ${back}`);
  await owner.query(`UPDATE usage_sequence_block SET day = day - ${byDays}`);
}
