import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print } from '../output.ts';

interface Flags {
  readonly role?: 'api' | 'relay' | 'signaling';
  readonly region?: string;
  readonly hosts?: boolean;
  readonly json?: boolean;
}

export function addAddressesCommand(program: Command): void {
  program
    .command('addresses')
    .description('the addresses and ports of the platform, for firewall rules')
    .option('--role <role>', 'api, relay or signaling')
    .option('--region <name>')
    .option('--hosts', 'each host once and nothing else, for a program')
    .option('--json')
    .action(async ({ role, region, hosts = false, json = false }: Flags) => {
      const { items } = await connect().platform.addresses({
        ...(role === undefined ? {} : { role }),
        ...(region === undefined ? {} : { region }),
      });
      if (hosts) {
        process.stdout.write([...new Set(items.map(({ host }) => `${host}\n`))].join(''));
        return;
      }
      const rows = items.map(({ portMin, portMax, region: at = '', ...address }) => ({
        role: address.role,
        use: address.use,
        region: at,
        transport: address.transport,
        host: address.host,
        ports: portMin === portMax ? portMin : `${portMin}-${portMax}`,
      }));
      print(items, { json, rows });
    });
}
