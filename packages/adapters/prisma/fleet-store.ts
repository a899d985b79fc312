import { createHash, randomBytes } from 'node:crypto';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';

/** A node that misses heartbeats for this long is taken for gone. */
export const NODE_SILENCE_MS_MAX = 5_000;
const JOIN_TOKEN_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;

export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly region: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly bootId: string | undefined;
  /** By role, e.g. `{ relay: ['turn:192.0.2.1:3478?transport=udp'] }`. */
  readonly urls: Readonly<Record<string, readonly string[]>>;
  readonly load: Readonly<Record<string, number>>;
  /** 'draining' finishes its sessions and gets no new ones. */
  readonly state: 'joined' | 'live' | 'draining' | 'removed';
  readonly lastHeartbeatAt: Date | undefined;
}

export interface Heartbeat {
  readonly nodeId: string;
  readonly bootId: string;
  readonly urls: NodeRecord['urls'];
  readonly load: NodeRecord['load'];
}

export interface FleetStore {
  /** A token that lets one node in, once. Only its hash is kept. */
  createJoinToken(token: {
    readonly roles: readonly string[];
    readonly region: string;
    readonly lifetimeMs: number;
  }): Promise<string>;
  /** Roles and region are the token's. Undefined when the token is unknown, used or expired. */
  enrol(node: {
    readonly token: string;
    readonly name: string;
    readonly publicKey: Uint8Array;
  }): Promise<NodeRecord | undefined>;
  find(nodeId: string): Promise<NodeRecord | undefined>;
  /** False for a node that was removed, or never enrolled. */
  beat(heartbeat: Heartbeat): Promise<boolean>;
  drain(nodeId: string): Promise<void>;
  remove(nodeId: string): Promise<void>;
  /** Nodes that take new sessions: live, and heard of within NODE_SILENCE_MS_MAX. The region's own come first. */
  live(wanted: { readonly role: string; readonly region?: string }): Promise<readonly NodeRecord[]>;
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

// urls and load are written by beat() alone, in these shapes.
const fromRow = (row: NodeRow): NodeRecord => ({
  ...row,
  bootId: row.bootId ?? undefined,
  urls: row.urls as NodeRecord['urls'],
  load: row.load as NodeRecord['load'],
  state: row.state as NodeRecord['state'],
  lastHeartbeatAt: row.lastHeartbeatAt ?? undefined,
});

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

    enrol: async ({ token, name, publicKey }) => {
      if (publicKey.length !== PUBLIC_KEY_BYTES) return undefined;
      const id = createId('nod');
      return await prisma.$transaction(async (transaction) => {
        // The update takes the row: of two that use one token at once, the second finds it used.
        const [used] = await transaction.$queryRaw<{ roles: string[]; region: string }[]>`
          UPDATE node_join_token SET used_at = now(), node_id = ${id}
          WHERE token_hash = ${hashOf(token)} AND used_at IS NULL AND expires_at > now() RETURNING roles, region`;
        if (used === undefined) return undefined;
        const data = { id, name, publicKey: Uint8Array.from(publicKey), ...used };
        return fromRow(await transaction.node.create({ data }));
      });
    },

    find: async (id) => {
      const row = await prisma.node.findUnique({ where: { id } });
      return row === null ? undefined : fromRow(row);
    },

    beat: async ({ nodeId, bootId, urls, load }) => {
      const count = await prisma.$executeRaw`
        UPDATE node SET boot_id = ${bootId}, urls = ${JSON.stringify(urls)}::jsonb, load = ${JSON.stringify(load)}::jsonb,
          last_heartbeat_at = now(), state = CASE WHEN state = 'joined' THEN 'live' ELSE state END
        WHERE id = ${nodeId} AND state <> 'removed'`;
      return count > 0;
    },

    drain: (nodeId) => setState(nodeId, 'draining'),
    remove: (nodeId) => setState(nodeId, 'removed'),

    live: async ({ role, region = '' }) => {
      const since = new Date(Date.now() - NODE_SILENCE_MS_MAX);
      const rows = await prisma.node.findMany({
        where: { roles: { has: role }, state: 'live', lastHeartbeatAt: { gt: since } },
        orderBy: { id: 'asc' },
      });
      const isNear = (row: NodeRow) => Number(row.region === region);
      return rows.sort((left, right) => isNear(right) - isNear(left)).map(fromRow);
    },

    list: async () => (await prisma.node.findMany({ orderBy: { id: 'asc' } })).map(fromRow),
  };
}
