import { objectEnv } from '@patchbay/adapters/objects/object-env';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

/** As it was given: a supervisor hands it on to its roles. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;

const schema = z.object({
  /** Where the control plane answers. */
  PATCHBAY_CONTROL_URL: z.url(),
  /** Lets this node in, once; not needed after that. */
  PATCHBAY_JOIN_TOKEN: z.string().min(16).optional(),
  /** The node's own folder: its key and its spool. */
  PATCHBAY_DATA: z.string().min(1),
  PATCHBAY_REGION: z.string().min(1).max(64).default('local'),
  PATCHBAY_NODE_NAME: z.string().min(1).max(100).default('node'),
  /** The address to listen on. */
  PATCHBAY_HOST: z.string().min(1).default('127.0.0.1'),
  /**
   * An address of this host of the other family: clients are served there too, and relayed addresses of that family are
   * taken from it. On loopback the other loopback address is taken by itself.
   */
  PATCHBAY_RELAY_HOST_OTHER_FAMILY: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** The address that clients are told, where it differs. */
  PATCHBAY_ADVERTISE_HOST: z.string().min(1).optional(),
  PATCHBAY_TURN_PORT: port.default(3478),
  PATCHBAY_SIGNAL_PORT: port.default(0),
  PATCHBAY_SIGNAL_URL: z.string().optional(),
  /**
   * Signaling is reached by a proxy, which is then the source of all connections: the proxy has to bound what one source
   * may open, and the node does not. It adds the client's address to X-Forwarded-For, which holds for lists of addresses.
   */
  PATCHBAY_SIGNAL_BEHIND_PROXY: z.enum(['0', '1']).default('0'),
  PATCHBAY_LINK_PORT: port.default(0),
  PATCHBAY_ALLOW_LOOPBACK_PEERS: z.enum(['0', '1']).default('0'),
  /**
   * How long calls may go on, or move to other nodes, after this node was asked to stop. By default less than what
   * those who stop it wait before they use force, which is 30 seconds at Kubernetes and 90 at systemd.
   */
  PATCHBAY_DRAIN_SECONDS: z.coerce.number().int().min(0).max(3_600).default(10),
  /** A file that says in which country an address is (docs/policy.md). Without it policies of countries let nobody pass. */
  PATCHBAY_COUNTRY_TABLE: z.string().min(1).optional(),
  /** Of one account on this relay at a time: no tenant fills it for the others. */
  PATCHBAY_ALLOCATIONS_PER_ACCOUNT: z.coerce.number().int().min(1).max(1_000_000).optional(),
  /** Of the role media: how many processes with legs in them it runs at most. Default: one for each core but one. */
  PATCHBAY_MEDIA_SHARDS: z.coerce.number().int().min(1).max(64).optional(),
  /** Processes that mix rooms. Default: one for each core but one. */
  PATCHBAY_MIXERS: z.coerce.number().int().min(1).max(64).optional(),
  /** How many legs one of them has at most: a core carries 20 to 25 that speak. */
  PATCHBAY_MEDIA_LEGS_PER_SHARD: z.coerce.number().int().min(1).max(100).default(20),
  /** Of the role jobs alone: no other opens the database. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL')
    .optional(),
  /** Of the role jobs alone: opens the secrets that it signs webhooks with. */
  PATCHBAY_MASTER_KEY: z.string().min(1).optional(),
  /** Of the role jobs alone: where files of services are stored. */
  ...objectEnv,
  /** Of the role jobs alone: the program that works on files, and writes Ogg and MP3. Default: ffmpeg, if it is on the path. */
  FFMPEG_PATH: z.string().min(1).optional(),
  /** Of the role jobs alone: texts that it speaks at a time. */
  PATCHBAY_SPEECH_AT_ONCE: z.coerce.number().int().min(1).max(32).default(2),
  /** Of the role jobs alone: files that it turns into others at a time. Each takes up to two cores. */
  PATCHBAY_TRANSCODING_AT_ONCE: z.coerce.number().int().min(1).max(32).default(1),
  /** Of the role jobs alone: files that it listens to at a time. Each takes up to two cores. */
  PATCHBAY_DETECTION_AT_ONCE: z.coerce.number().int().min(1).max(32).default(1),
  PATCHBAY_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type NodeEnv = z.output<typeof schema>;

/** Reads the settings of a node. A bad one stops the start with its name and what it should be. */
export function readEnv(environment: Readonly<Record<string, string | undefined>> = process.env): NodeEnv {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`This node cannot start. ${places.join('; ')}`);
}
