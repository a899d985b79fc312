import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row } from '../output.ts';

interface Flags {
  readonly key: readonly string[];
  readonly client: readonly string[];
  readonly authenticates: readonly string[];
  readonly from?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

type Lists = Awaited<ReturnType<ReturnType<typeof connect>['allowList']['get']>>;

/** `203.0.113.0/24=Office`: a network and what it is called, which may be left out. */
export function entryOf(text: string): { readonly network: string; readonly label: string } {
  const [network = '', ...label] = text.split('=');
  return { network: network.trim(), label: label.join('=').trim() };
}

const rowsOf = ({ keys, credentials, fromAbove, inherited }: Lists): Row[] => [
  ...keys.map(({ network, label }) => ({ for: 'keys', network, label, from: 'this account' })),
  ...credentials.map(({ network, label, authenticates }) => ({
    for: authenticates ? 'no credential needed' : 'credentials',
    network,
    label,
    from: 'this account',
  })),
  ...fromAbove.flatMap(({ setById = 'an account above', keys: above, credentials: ofClients }) => [
    ...above.map(({ network, label }) => ({ for: 'keys', network, label, from: setById })),
    ...ofClients.map(({ network, label }) => ({ for: 'credentials', network, label, from: setById })),
  ]),
  ...inherited.flatMap(({ accountId = 'an account above', keys: above, credentials: ofClients }) => [
    ...above.map((network) => ({ for: 'keys', network, label: '', from: accountId })),
    ...ofClients.map((network) => ({ for: 'credentials', network, label: '', from: accountId })),
  ]),
];

export function addAllowListCommand(program: Command): void {
  const list = program
    .command('allow-list')
    .description('the addresses that keys and credentials may be used from');
  list
    .command('show [id]')
    .description('both lists, and those of the accounts above')
    .option('--json')
    .action(async (id: string | undefined, { json = false }: Flags) => {
      const found = await connect(id).allowList.get();
      print(found, { json, rows: rowsOf(found) });
    });
  const collect = (value: string, before: readonly string[]) => [...before, value];
  list
    .command('set [id]')
    .description(
      'sets both lists anew: one that is left out is empty, and then anything may be used from anywhere',
    )
    .option('--key <network=label>', 'for keys, such as 203.0.113.0/24=Office; once for each', collect, [])
    .option('--client <network=label>', 'for credentials, as for keys', collect, [])
    .option(
      '--authenticates <network=label>',
      'counts as the account without a credential: an address of yours alone; once for each',
      collect,
      [],
    )
    .option('--from <account>', 'for which account you speak: one of `speakerIds`')
    .option('--force', 'also where it would refuse the key that this command uses')
    .option('--json')
    .action(
      async (
        id: string | undefined,
        { key, client, authenticates, from, force = false, json = false }: Flags,
      ) => {
        const unsigned = authenticates.map((text) => ({ ...entryOf(text), authenticates: true }));
        const credentials = [...client.map(entryOf), ...unsigned];
        const speaker = from === undefined ? {} : { from };
        const lists = { keys: key.map(entryOf), credentials, ...speaker, force };
        const set = await connect(id).allowList.set(lists);
        print(set, { json, rows: rowsOf(set) });
      },
    );
}
