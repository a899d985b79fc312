import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row } from '../output.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

interface BrandFlags extends Flags {
  readonly name: string;
  readonly accent?: string;
  readonly supportUrl?: string;
  readonly supportEmail?: string;
  readonly termsUrl?: string;
  readonly privacyUrl?: string;
  readonly senderName?: string;
  readonly senderAddress?: string;
  readonly mainHost?: string;
  readonly turnHost?: string;
  readonly signUp?: boolean;
}

type Read = Awaited<ReturnType<ReturnType<typeof connect>['brand']['get']>>;
type Own = NonNullable<Read['own']>;
type Host = Awaited<ReturnType<ReturnType<typeof connect>['brandHosts']['add']>>;

/** What is said, a line each. */
export const rowsOf = ({ logos, tones: _tones, ...brand }: Own): Row[] => [
  ...Object.entries(brand).map(([field, value]) => ({ field, value: String(value) })),
  ...Object.entries(logos).map(([theme, { widthPixels, heightPixels }]) => ({
    field: `logo ${theme}`,
    value: `${widthPixels} × ${heightPixels}`,
  })),
];

const hostRow = ({ id, host, state, record, pointsTo }: Host): Row => ({
  id,
  host,
  state,
  'TXT record': record.name,
  says: record.value,
  'points to': pointsTo,
});

export function addBrandCommand(program: Command): void {
  const brand = program
    .command('brand')
    .description('how an account appears to those below it: name, logo, colour, hosts, mails');
  const add = (parent: Command, name: string, description: string) =>
    parent.command(name).description(description).option('--account <id>').option('--json');
  add(brand, 'show', 'the brand that the account set, and the one that it sees itself').action(
    async ({ account, json = false }: Flags) => {
      const found = await connect(account).brand.get();
      const own = found.own === undefined ? [] : rowsOf(found.own);
      print(found, { json, rows: [...own, { field: 'sees itself', value: found.shown.name }] });
    },
  );
  add(brand, 'set', 'sets the brand anew: what is left out has a neutral default')
    .requiredOption('--name <name>')
    .option('--accent <colour>', 'such as #0550d0')
    .option('--support-url <url>')
    .option('--support-email <address>')
    .option('--terms-url <url>')
    .option('--privacy-url <url>')
    .option('--sender-name <name>', 'who mails are from')
    .option('--sender-address <address>', 'at a host that is proved')
    .option('--main-host <host>', 'where links in mails lead: a host that is proved')
    .option('--turn-host <host>', 'what relays are called: a host that is proved, and leads to them')
    .option('--sign-up', 'whoever signs up at a host of the brand gets an account below')
    .action(async ({ account, json = false, signUp = false, ...fields }: BrandFlags) => {
      const set = await connect(account).brand.set({ ...fields, isSignUpOpen: signUp });
      print(set, { json, rows: rowsOf(set) });
    });
  add(brand, 'remove', 'takes the brand back, with its logos').action(
    async ({ account, json = false }: Flags) => {
      const removed = await connect(account).brand.remove();
      print(removed, { json, rows: [{ removed: removed.name }] });
    },
  );
  add(brand, 'logo <theme> <file>', 'sets the logo for light or dark pages: a PNG or WebP').action(
    async (theme: 'light' | 'dark', file: string, { account, json = false }: Flags) => {
      const data = (await readFile(file)).toString('base64');
      const set = await connect(account).brand.setLogo({ theme, data });
      print(set, { json, rows: [{ theme, size: `${set.widthPixels} × ${set.heightPixels}` }] });
    },
  );
  const host = brand.command('host').description('the hosts of the account, and what proves them');
  add(host, 'list', 'each host with its record').action(async ({ account, json = false }: Flags) => {
    const { items } = await connect(account).brandHosts.list();
    print(items, { json, rows: items.map(hostRow) });
  });
  add(host, 'add <host>', 'names a host, and says which record proves it').action(
    async (name: string, { account, json = false }: Flags) => {
      const added = await connect(account).brandHosts.add({ host: name });
      print(added, { json, rows: [hostRow(added)] });
    },
  );
  add(host, 'verify <id>', 'looks the record up').action(
    async (hostId: string, { account, json = false }: Flags) => {
      const proved = await connect(account).brandHosts.verify({ hostId });
      print(proved, { json, rows: [hostRow(proved)] });
    },
  );
  add(host, 'remove <id>', 'gives a host up').action(
    async (hostId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).brandHosts.remove({ hostId });
      print(removed, { json, rows: [hostRow(removed)] });
    },
  );
}
