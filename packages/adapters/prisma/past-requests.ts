import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import type { LoggedRequest, PolicyPorts } from '@patchbay/domain/policy/ports';
import { settings } from '@patchbay/domain/policy/settings';
import { serviceOfKind } from '@patchbay/domain/sessions/session-log';
import { featureName } from '@patchbay/kit/definition';
import { accountChain } from './account-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/** More than a month has hours, and an hour minutes. */
const USAGE_ROW_COUNT_MAX = 1_000;

interface Row {
  readonly id: string;
  readonly account_id: string;
  readonly application_id: string | null;
  readonly kind: string;
  readonly region: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly connected_at: Date | null;
  readonly end_code: string | null;
  readonly identity: string | null;
  readonly audio: boolean | null;
  readonly video: boolean | null;
  readonly screen: boolean | null;
  readonly client_address: string | null;
  readonly is_ipv6: boolean | null;
  readonly device: string | null;
  readonly country: string | null;
  readonly instance_type: string | null;
  readonly codecs: unknown;
}

/** The requests that policies decide, from the log of sessions: each session that began, and each that was refused. */
export function pastRequests(prisma: PrismaClient, usage: Pick<UsageStore, 'query'>): PolicyPorts['past'] {
  return {
    requests: ({ accountId, planId = null, fromMs, limit }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<Row[]>`
          SELECT s.id, s.account_id, s.application_id, s.kind, s.region, s.started_at, s.ended_at, s.connected_at, s.end_code,
            l.identity, l.audio, l.video, l.screen, e.client_address, e.is_ipv6, b.device, b.country, b.instance_type, n.codecs
          FROM (
            SELECT s.* FROM account_closure c JOIN session s ON s.account_id = c.descendant_id
            WHERE c.ancestor_id = ${accountId} AND c.valid_to = 'infinity'
              AND (s.ended_at IS NULL OR s.ended_at >= ${new Date(fromMs)})
              AND (${planId}::text IS NULL OR EXISTS (
                SELECT FROM account_plan t JOIN account_closure h ON h.ancestor_id = t.account_id
                WHERE t.plan_id = ${planId} AND h.descendant_id = s.account_id AND h.valid_to = 'infinity'))
            ORDER BY s.started_at DESC LIMIT ${limit + 1}) s
          LEFT JOIN LATERAL (SELECT identity, audio, video, screen FROM session_leg l
            WHERE l.session_id = s.id AND l.account_id = s.account_id ORDER BY joined_at LIMIT 1) l ON true
          LEFT JOIN LATERAL (SELECT data ->> 'clientAddress' AS client_address,
              -- Of a dual allocation IPv4 is named first, and it does without the other.
              data ->> 'addressFamily' = 'ipv6' OR data ->> 'stunCode' = '440' AS is_ipv6 FROM session_event e
            WHERE e.session_id = s.id AND e.kind IN ('allocation.started', 'allocation.refused')
            ORDER BY e.kind DESC, sequence LIMIT 1) e ON s.kind = 'relay'
          LEFT JOIN LATERAL (SELECT data ->> 'device' AS device, data ->> 'country' AS country,
              data ->> 'instanceType' AS instance_type FROM session_event b
            WHERE b.session_id = s.id AND b.kind = 'session.created' ORDER BY sequence LIMIT 1) b ON true
          LEFT JOIN LATERAL (SELECT data -> 'codecs' AS codecs FROM session_event n
            WHERE n.session_id = s.id AND n.kind = 'codecs.negotiated' ORDER BY sequence DESC LIMIT 1) n ON s.kind = 'call'
          ORDER BY s.started_at DESC`;
        return { items: rows.slice(0, limit).map(fromRow), isComplete: rows.length <= limit };
      }),

    usage: async ({ budget, window, bucket }) => {
      const { setting, origin, timeZone } = budget;
      const { counts } = settings[setting];
      if (counts.what !== 'usage') return [];
      const { rows } = await usage.query({
        accountId: origin.accountId,
        fromMs: window.startMs,
        toMs: window.endMs,
        meter: counts.meter,
        ...(origin.level === 'region' ? { where: { region: origin.region } } : {}),
        bucket,
        timeZone,
        groupBy: [],
        scope: 'descendants',
        limit: USAGE_ROW_COUNT_MAX,
      });
      return rows.map(({ atMs, quantity }) => ({ atMs, quantity: Number(quantity) }));
    },

    chains: async ({ accountId, accountIds }) => {
      const chains = new Map<string, readonly string[]>();
      for (const id of accountIds) {
        const chain = (await accountChain(prisma, id)).map((account) => account.id);
        if (chain.includes(accountId)) chains.set(id, chain);
      }
      return chains;
    },
  };
}

function fromRow(row: Row): LoggedRequest {
  const kinds = (['audio', 'video', 'screen'] as const).filter((kind) => row[kind] === true);
  const isRefused = row.connected_at === null && row.ended_at?.getTime() === row.started_at.getTime();
  return {
    sessionId: row.id,
    accountId: row.account_id,
    ...(row.application_id === null ? {} : { applicationId: row.application_id }),
    ...(row.instance_type === null ? {} : { instanceType: row.instance_type }),
    atMs: row.started_at.getTime(),
    ...(row.ended_at === null ? {} : { endedAtMs: row.ended_at.getTime() }),
    service: serviceOfKind[row.kind === 'relay' ? 'relay' : 'call'],
    ...(row.region === '' ? {} : { region: row.region }),
    ...(row.identity === null ? {} : { endpoint: userEndpointId(row.identity) }),
    ...(row.client_address === null ? {} : { sourceIp: addressOf(row.client_address) }),
    mediaKinds: kinds,
    ...(row.kind === 'relay' ? relayRequest(row.is_ipv6 === true) : callRequest),
    ...(row.device === null ? {} : { deviceKind: row.device }),
    ...(row.country === null ? {} : { country: row.country }),
    codecs: streamsIn(row.codecs),
    ...(isRefused && row.end_code !== null ? { refusedWith: row.end_code } : {}),
  };
}

/** What each of them takes: of a relay its packets, of signaling a call to somebody. */
const relayRequest = (isIpv6: boolean) => ({
  features: [
    featureName('network-discovery', 'relay'),
    ...(isIpv6 ? [featureName('network-discovery', 'relay-ipv6')] : []),
  ],
});
const callRequest = { features: [featureName('signaling', 'place-calls')], participantCount: 2 };

/** As a node of any version wrote it. */
function streamsIn(codecs: unknown): readonly (readonly string[])[] {
  if (!Array.isArray(codecs)) return [];
  return codecs.filter((stream: unknown): stream is readonly string[] => Array.isArray(stream));
}

/** Without its port: `192.0.2.1:3478`, `[2001:db8::1]:3478`. */
const addressOf = (text: string): string => text.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
