import { objectEnv } from '@patchbay/adapters/objects/object-env';
import { nodeRoles } from '@patchbay/domain/fleet/internal-api';
import { z } from 'zod';

/** As many as a policy may name. */
const STORAGE_REGION_COUNT_MAX = 32;
const regionName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

const fields = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL'),
  /** 32 bytes: encrypts what mints. It lives outside the database and its backups. */
  PATCHBAY_MASTER_KEY: z.string().min(1),
  /** How this control plane is reached from outside. */
  PATCHBAY_URL: z.url(),
  /** Roles that have to have a live node for the platform to be healthy. */
  PATCHBAY_ROLES: z
    .string()
    .default('relay,signaling,jobs')
    .transform((text) => text.split(',').filter(Boolean))
    .pipe(z.array(z.enum(nodeRoles))),
  /** Webhooks may lead to this very machine, as peers of a relay that listens on loopback may. */
  PATCHBAY_ALLOW_LOOPBACK_PEERS: z.enum(['0', '1']).default('0'),
  /** Addresses of private networks may count as an account without a credential: the operator's own network, and nobody else's. */
  PATCHBAY_PRIVATE_ADDRESSES_COUNT: z.enum(['0', '1']).default('0'),
  /** How long events, and what became of them at webhooks, can be read and replayed. */
  PATCHBAY_EVENT_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
  PATCHBAY_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** How many proxies of the operator stand in front: none is believed about a client's address unless it is counted here. */
  PATCHBAY_TRUSTED_PROXY_COUNT: z.coerce.number().int().min(0).max(8).default(0),
  /** A file that says in which country an address is (docs/policy.md). Without it no policy can name countries. */
  PATCHBAY_COUNTRY_TABLE: z.string().min(1).optional(),
  /** Where usage of the API waits while the database is away. Without it, what waits goes with the process. */
  PATCHBAY_DATA: z.string().min(1).optional(),
  ...objectEnv,
  /** Where this process is. Named by that usage. */
  PATCHBAY_REGION: regionName.default('local'),
  /**
   * In which regions the database with all its copies, its backups and each control plane are. Declared, an account may have
   * its data kept there (docs/privacy.md): nothing here can look whether it is true.
   */
  PATCHBAY_STORAGE_REGIONS: z
    .string()
    .default('')
    .transform((text) => [...new Set(text.split(',').filter(Boolean))].sort())
    .pipe(z.array(regionName).max(STORAGE_REGION_COUNT_MAX)),
  /** Of one key, or of one user: accounts and trees have a multiple (`requestCounters`). A quarter of them may come at once. */
  PATCHBAY_REQUESTS_PER_MINUTE_MAX: z.coerce.number().int().min(1).default(1_200),
  /** From one network address, as many as that in a first burst. */
  PATCHBAY_SIGN_UPS_PER_MINUTE_MAX: z.coerce.number().int().min(1).default(10),
  PATCHBAY_SIGN_INS_PER_MINUTE_MAX: z.coerce.number().int().min(1).default(30),
  /** Of the cookie that names a session, as next-auth reads them. */
  NEXTAUTH_SECRET: z.string().min(1).optional(),
  NEXTAUTH_URL: z.url().optional(),
  /** Where mail is handed over. Without it mails lie in the outbox of a loopback host, and fail on any other. */
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'must be an smtp:// or smtps:// URL')
    .optional(),
  /** The sender of mails, such as Patchbay <no-reply@patchbay.example>. */
  SMTP_FROM: z.string().min(3).optional(),
  /** The address of mails in the brand of an account that has not proved one: on a host that names nobody. */
  SMTP_NEUTRAL_FROM: z.email().optional(),
  /** Asks for money and pays it out. Without it everything else is as with it. */
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_/, 'must be a secret or restricted key of Stripe')
    .optional(),
  /** Of the webhook endpoint at Stripe; while one is replaced by the next, both. */
  STRIPE_WEBHOOK_SECRETS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
  /** Collects what is on the books of tests, at Stripe's test mode. Never a live key: nobody who tries something pays for it. */
  STRIPE_TEST_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_test_/, 'must be a secret or restricted key of Stripe in test mode')
    .optional(),
  /** Of the webhook endpoint there. */
  STRIPE_TEST_WEBHOOK_SECRETS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
  /** Meters whose use is told to Stripe, each with the name of its event there: network-discovery.bytes=relay_bytes,… */
  STRIPE_METER_EVENTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean))
    .refine(
      (pairs) => pairs.every((pair) => /^[a-z-]+\.\w+=\w{1,100}$/.test(pair)),
      'must be pairs of a meter and the name of an event, such as network-discovery.bytes=relay_bytes',
    )
    .transform(
      (pairs) =>
        new Map(
          pairs.map((pair): [string, string] => {
            const [meter = '', eventName = ''] = pair.split('=');
            return [meter, eventName];
          }),
        ),
    ),
  /** Instead of Stripe's: for tests, on this machine. */
  STRIPE_API_URL: z
    .url()
    .refine(
      (url) => url.startsWith('https://') || new URL(url).hostname === '127.0.0.1',
      'must be https, but on this machine',
    )
    .optional(),
  /** Name servers that the records of brands are looked up at, such as 192.0.2.53,192.0.2.54. Absent: this machine's. */
  PATCHBAY_DNS_SERVERS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
  /** Further names of the dashboard and the API, besides that of PATCHBAY_URL and addresses. */
  PATCHBAY_FURTHER_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.toLowerCase().split(',').filter(Boolean)),
});

const schema = fields.refine(
  ({ PATCHBAY_STORAGE_REGIONS: declared, PATCHBAY_REGION: own }) =>
    declared.length === 0 || declared.includes(own),
  {
    path: ['PATCHBAY_STORAGE_REGIONS'],
    message: 'must name PATCHBAY_REGION as well: this process has data in memory, and usage on its disk',
  },
);

export type ControlPlaneEnv = z.output<typeof schema>;

/** Reads the settings. A bad one stops the start with its name and what it should be. */
export function readEnv(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ControlPlaneEnv {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`The control plane cannot start. ${places.join('; ')}`);
}
