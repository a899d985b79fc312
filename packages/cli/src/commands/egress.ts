import type { Command } from 'commander';
import { nftRules } from '../egress-rules.ts';

interface Flags {
  readonly user: string;
  readonly allow: readonly string[];
}

export function addEgressCommand(program: Command): void {
  program
    .command('egress')
    .description('firewall rules that keep the platform’s processes from private addresses, for: nft -f -')
    .requiredOption('--user <name>', 'the user of this machine that they run as')
    .option(
      '--allow <network...>',
      'what they need all the same: the database, a mail server, other nodes',
      [],
    )
    .action(({ user, allow }: Flags) => {
      process.stdout.write(nftRules({ user, allowed: allow }));
    });
}
