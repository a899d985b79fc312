import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { Refusal } from './refusal.ts';

const port = z.coerce.number<unknown>().int().min(1).max(65_535);
const flag = z.preprocess(
  (value) => (value === 'true' || value === '' ? true : value === 'false' ? false : value),
  z.boolean(),
);

interface Setting {
  readonly schema: z.ZodType;
  /** In the environment. Its flag is the name in kebab-case, its key in patchbay.yaml the name itself. */
  readonly variable: string;
  readonly summary: string;
  /** What a value looks like, for the refusal of a bad one. */
  readonly remedy: string;
  /** A secret has no flag: the list of processes shows flags to everybody. */
  readonly isSecret?: boolean;
}

/** Every setting there is: flag over environment over patchbay.yaml (architecture §8). */
export const settings = {
  host: {
    schema: z.union([z.ipv4(), z.ipv6()]),
    variable: 'PATCHBAY_HOST',
    summary: 'address to serve at; on a loopback address everything is open to this machine alone',
    remedy: 'an IP address of this machine, such as 127.0.0.1',
  },
  port: {
    schema: port,
    variable: 'PATCHBAY_PORT',
    summary: 'port of the dashboard and the API (3000 if free, else a free one)',
    remedy: 'a port from 1 to 65535 that is free',
  },
  turnPort: {
    schema: port,
    variable: 'PATCHBAY_TURN_PORT',
    summary: 'port of the relay (3478 if free, else a free one)',
    remedy: 'a port from 1 to 65535 that is free',
  },
  signalPort: {
    schema: port,
    variable: 'PATCHBAY_SIGNAL_PORT',
    summary: 'port of signaling (a free one)',
    remedy: 'a port from 1 to 65535 that is free',
  },
  relayHostOtherFamily: {
    schema: z.union([z.ipv4(), z.ipv6()]),
    variable: 'PATCHBAY_RELAY_HOST_OTHER_FAMILY',
    summary: 'address of the other family that the relay serves at too (on loopback: the other loopback one)',
    remedy: 'an IPv6 address of this machine where host is IPv4, or the other way round',
  },
  samplePort: {
    schema: port,
    variable: 'PATCHBAY_SAMPLE_PORT',
    summary: 'port of the sample call (a free one)',
    remedy: 'a port from 1 to 65535 that is free',
  },
  data: {
    schema: z.string().min(1),
    variable: 'PATCHBAY_DATA',
    summary: 'folder for database, keys, spools and logs (.patchbay)',
    remedy: 'a folder that may be written to',
  },
  databaseUrl: {
    schema: z.url({ protocol: /^postgres(ql)?$/ }),
    variable: 'DATABASE_URL',
    summary: 'a PostgreSQL server instead of the one that comes along',
    remedy: 'an address such as postgresql://user:password@host:5432/patchbay',
    isSecret: true,
  },
  databaseMigrationUrl: {
    schema: z.url({ protocol: /^postgres(ql)?$/ }),
    variable: 'DATABASE_MIGRATION_URL',
    summary: 'the owner of the database, who migrates it, where databaseUrl is a user with fewer rights',
    remedy: 'an address such as postgresql://owner:password@host:5432/patchbay',
    isSecret: true,
  },
  masterKey: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    variable: 'PATCHBAY_MASTER_KEY',
    summary: 'the key that stored secrets are encrypted with, instead of the one in the data folder',
    remedy: '32 random bytes in base64url (43 characters)',
    isSecret: true,
  },
  region: {
    schema: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
    variable: 'PATCHBAY_REGION',
    summary: 'region of the nodes started here (local)',
    remedy: 'a name of a-z, 0-9 and -, such as eu-west',
  },
  storageRegions: {
    schema: z.string().regex(/^[a-z][a-z0-9-]{0,31}(,[a-z][a-z0-9-]{0,31})*$/),
    variable: 'PATCHBAY_STORAGE_REGIONS',
    summary:
      'regions that the database with its copies and backups is in, so that accounts may have data kept there (region, where the database comes along)',
    remedy: 'names of a-z, 0-9 and -, with commas between, such as eu-west,eu-north',
  },
  countryTable: {
    schema: z
      .string()
      .min(1)
      .transform((file) => path.resolve(file)),
    variable: 'PATCHBAY_COUNTRY_TABLE',
    summary: 'a file that says in which country an address is, for policies that name countries',
    remedy: 'a file with lines such as 192.0.2.0/24,DE',
  },
  requestsPerMinuteMax: {
    schema: z.coerce.number<unknown>().int().min(1),
    variable: 'PATCHBAY_REQUESTS_PER_MINUTE_MAX',
    summary:
      'requests to the API that one key, or one user, may make a minute in the long run, with a quarter as many at once besides; all keys of an account twice as many, an account with all below it 20 times (1200)',
    remedy: 'a whole number, at least 1',
  },
  allowLoopbackPeers: {
    schema: flag,
    variable: 'PATCHBAY_ALLOW_LOOPBACK_PEERS',
    summary: 'let the relay and webhooks send to this very machine (yes on a loopback address, else no)',
    remedy: 'true or false',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof settings;
export type Settings = {
  readonly [Name in SettingName]?: z.output<(typeof settings)[Name]['schema']>;
};

const names = Object.keys(settings) as SettingName[];

export function flagOf(name: SettingName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export interface SettingSources {
  /** As typed, by the setting's name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** patchbay.yaml in this folder is read, if there is one. */
  readonly folder: string;
}

interface Given {
  readonly value: unknown;
  /** Where it came from, as whoever set it calls it. */
  readonly origin: string;
}

function readFile(folder: string): Readonly<Record<string, unknown>> {
  const file = path.join(folder, 'patchbay.yaml');
  if (!existsSync(file)) return {};
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new Refusal(`patchbay.yaml cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new Refusal('patchbay.yaml has to be a list of "name: value" lines.');
  }
  const unknown = Object.keys(content).filter((name) => !names.includes(name as SettingName));
  if (unknown.length > 0) {
    throw new Refusal(`patchbay.yaml has no setting ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  }
  return content as Record<string, unknown>;
}

function given(name: SettingName, sources: SettingSources, file: Readonly<Record<string, unknown>>): Given {
  const { variable } = settings[name];
  const fromFlag = sources.flags[name];
  if (fromFlag !== undefined) return { value: fromFlag, origin: flagOf(name) };
  const fromEnvironment = sources.environment[variable];
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return { value: fromEnvironment, origin: variable };
  return { value: file[name], origin: `${name} in patchbay.yaml` };
}

/** @throws Refusal that names the first bad setting, where it was set, and what would be good. */
export function readSettings(sources: SettingSources): Settings {
  const file = readFile(sources.folder);
  const found: Partial<Record<SettingName, unknown>> = {};
  for (const name of names) {
    const setting: Setting = settings[name];
    const { value, origin } = given(name, sources, file);
    if (value === undefined || value === null) continue;
    const parsed = setting.schema.safeParse(value);
    if (!parsed.success) {
      const shown = setting.isSecret === true ? '' : ` (${JSON.stringify(value)})`;
      throw new Refusal(`${origin} is not valid${shown}: it has to be ${setting.remedy}.`);
    }
    found[name] = parsed.data;
  }
  return found as Settings;
}

/** Whether nobody but this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}
