import { createHash, randomBytes } from 'node:crypto';
import { NODE_LIVE_MS, type NodeRole, nodeRoles } from '@patchbay/domain/fleet/internal-api';
import type { Software } from '@patchbay/domain/fleet/software';
import { createId } from '@patchbay/kit/ids';
import { rowsOf } from '../postgres/at-once.ts';
import type { Statement } from '../postgres/round-trip.ts';
import type { PrismaClient } from './generated/client.ts';

const JOIN_TOKEN_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;

export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly NodeRole[];
  readonly region: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Names one run of the process: a restart changes it. */
  readonly boot: number | undefined;
  /** By use, e.g. `{ turn: ['turn:192.0.2.1:3478?transport=udp'] }`. */
  readonly urls: Readonly<Record<string, readonly string[]>>;
  readonly load: Readonly<Record<string, number>>;
  /** 'draining' finishes its sessions and gets no new ones. */
  readonly state: 'joined' | 'live' | 'draining' | 'removed';
  readonly lastHeartbeatAt: Date | undefined;
}

export interface Heartbeat {
  readonly nodeId: string;
  readonly boot: number;
  readonly urls: NodeRecord['urls'];
  readonly load: NodeRecord['load'];
  /** The node finishes its sessions and gets no new ones. */
  readonly isDraining: boolean;
  /** Undefined: a node of the release before, which does not say. */
  readonly software?: Software | undefined;
}

export interface FleetStore {
  /** A token that lets one node in, once. Only its hash is kept. */
  createJoinToken(token: {
    readonly roles: readonly NodeRole[];
    readonly region: string;
    readonly lifetimeMs: number;
  }): Promise<string>;
  /** Undefined when the token is unknown, used or expired, or is not for these roles and this region. */
  enrol(node: {
    readonly joinToken: string;
    readonly name: string;
    readonly roles: readonly NodeRole[];
    readonly region: string;
    readonly publicKey: Uint8Array;
  }): Promise<NodeRecord | undefined>;
  find(nodeId: string): Promise<NodeRecord | undefined>;
  /** False for a node that was removed, or never enrolled. */
  beat(heartbeat: Heartbeat): Promise<boolean>;
  /** What a process that counts use without being a node runs, from a boot on. */
  noteSoftware(source: {
    readonly nodeId: string;
    readonly boot: number;
    readonly software: Software;
  }): Promise<void>;
  drain(nodeId: string): Promise<void>;
  remove(nodeId: string): Promise<void>;
  /** Nodes that take new sessions: live, and heard of within NODE_LIVE_MS. The region's own come first. */
  live(wanted: { readonly role: NodeRole; readonly region?: string }): Promise<readonly NodeRecord[]>;
  /** Nodes that have sessions: those above, and those that finish theirs. */
  serving(): Promise<readonly NodeRecord[]>;
  list(): Promise<readonly NodeRecord[]>;
}

interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly region: string;
  readonly publicKey: Uint8Array;
  readonly bootId: string | null;
  readonly urls: unknown;
  readonly load: unknown;
  readonly state: string;
  readonly lastHeartbeatAt: Date | null;
}

// urls, load and state are written here alone, in these shapes.
const fromRow = ({ bootId, ...row }: NodeRow): NodeRecord => ({
  ...row,
  roles: nodeRoles.filter((role) => row.roles.includes(role)),
  boot: bootId === null ? undefined : Number(bootId),
  urls: row.urls as NodeRecord['urls'],
  load: row.load as NodeRecord['load'],
  state: row.state as NodeRecord['state'],
  lastHeartbeatAt: row.lastHeartbeatAt ?? undefined,
});

/** Those of a role that get new sessions. Answers rows for nodesFromRows(). */
export const liveNodes = (role: NodeRole): Statement => ({
  text: `SELECT id, name, roles, region, public_key AS "publicKey", boot_id AS "bootId", urls, load, state,
      last_heartbeat_at AS "lastHeartbeatAt"
    FROM node WHERE $1 = ANY (roles) AND state = 'live' AND last_heartbeat_at > $2 ORDER BY id`,
  values: [role, new Date(Date.now() - NODE_LIVE_MS)],
});

export const nodesFromRows = (rows: readonly object[]): NodeRecord[] =>
  (rows as readonly NodeRow[]).map(fromRow);

const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());

/** Nodes belong to the platform: no tenant's rows are read here, and no scope is needed. */
export function fleetStore(prisma: PrismaClient): FleetStore {
  const setState = async (id: string, state: NodeRecord['state']) => {
    await prisma.node.updateMany({ where: { id }, data: { state } });
  };
  return {
    createJoinToken: async ({ roles, region, lifetimeMs }) => {
      const token = `pbj_${randomBytes(JOIN_TOKEN_BYTES).toString('base64url')}`;
      const expiresAt = new Date(Date.now() + lifetimeMs);
      await prisma.nodeJoinToken.create({
        data: { tokenHash: hashOf(token), roles: [...roles], region, expiresAt },
      });
      return token;
    },

    enrol: async ({ joinToken, name, roles, region, publicKey }) => {
      if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined;
      const id = createId('nod');
      return await prisma.$transaction(async (transaction) => {
        // The update takes the row: of two that use one token at once, the second finds it used.
        const [used] = await transaction.$queryRaw<{ roles: string[]; region: string }[]>`
          UPDATE node_join_token SET used_at = now(), node_id = ${id}
          WHERE token_hash = ${hashOf(joinToken)} AND used_at IS NULL AND expires_at > now()
            AND roles @> ${[...roles]} AND region = ${region} RETURNING roles, region`;
        if (used === undefined) {
          // The answer to an enrolment can be lost: whoever repeats it, with the same key and token, is told it again.
          const again = await transaction.$queryRaw<{ id: string }[]>`
            SELECT n.id FROM node_join_token t JOIN node n ON n.id = t.node_id
            WHERE t.token_hash = ${hashOf(joinToken)} AND n.public_key = ${Uint8Array.from(publicKey)} AND n.state <> 'removed'`;
          const row = again[0] && (await transaction.node.findUnique({ where: { id: again[0].id } }));
          return row ? fromRow(row) : undefined;
        }
        const data = { id, name, publicKey: Uint8Array.from(publicKey), roles: [...roles], region };
        return fromRow(await transaction.node.create({ data }));
      });
    },

    find: async (id) => {
      const row = await prisma.node.findUnique({ where: { id } });
      return row === null ? undefined : fromRow(row);
    },

    beat: async ({ nodeId, boot, urls, load, isDraining, software }) => {
      // A row where it changed alone. Of a node that says nothing any more, what it ran before is no longer known.
      const [row] = await prisma.$queryRaw<{ count: number }[]>`
        WITH beaten AS (UPDATE node SET boot_id = ${String(boot)}, urls = ${JSON.stringify(urls)}::jsonb, load = ${JSON.stringify(load)}::jsonb,
          last_heartbeat_at = now(),
          -- A new run of a drained node serves again; an operator's drain holds for the run.
          state = CASE WHEN ${isDraining} THEN 'draining' WHEN state = 'draining' AND boot_id = ${String(boot)} THEN state ELSE 'live' END
        WHERE id = ${nodeId} AND state <> 'removed' RETURNING id),
        noted AS (INSERT INTO node_software (node_id, boot, implementation, version)
          SELECT b.id, ${boot}::bigint, said.implementation, said.version
          FROM beaten b CROSS JOIN (VALUES (${software?.implementation ?? ''}::text, ${software?.version ?? ''}::text)) AS said(implementation, version)
          LEFT JOIN LATERAL (SELECT s.implementation, s.version FROM node_software s WHERE s.node_id = b.id
            ORDER BY s.boot DESC LIMIT 1) AS last ON true
          WHERE (coalesce(last.implementation, ''), coalesce(last.version, '')) <> (said.implementation, said.version)
          ON CONFLICT DO NOTHING)
        SELECT count(*)::int AS count FROM beaten`;
      return (row?.count ?? 0) > 0;
    },

    noteSoftware: async ({ nodeId, boot, software }) => {
      await prisma.nodeSoftware.createMany({
        data: [{ nodeId, boot: BigInt(boot), ...software }],
        skipDuplicates: true,
      });
    },

    drain: (nodeId) => setState(nodeId, 'draining'),
    remove: (nodeId) => setState(nodeId, 'removed'),

    live: async ({ role, region = '' }) => {
      const nodes = nodesFromRows(await rowsOf(prisma, liveNodes(role)));
      const isNear = (node: NodeRecord) => Number(node.region === region);
      return nodes.toSorted((left, right) => isNear(right) - isNear(left));
    },

    serving: async () => {
      const since = new Date(Date.now() - NODE_LIVE_MS);
      const rows = await prisma.node.findMany({
        where: { state: { in: ['live', 'draining'] }, lastHeartbeatAt: { gt: since } },
        orderBy: { id: 'asc' },
      });
      return rows.map(fromRow);
    },

    list: async () => (await prisma.node.findMany({ orderBy: { id: 'asc' } })).map(fromRow),
  };
}
