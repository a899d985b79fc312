import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { addLimitFlags, limitsIn } from './limit-flags.ts';

interface IceFlags extends Readonly<Record<string, unknown>> {
  readonly account?: string;
  readonly json?: boolean;
}

export function addIceCommand(program: Command): void {
  const command = program
    .command('ice')
    .description('mint a relay credential, offline, and print it as ICE servers')
    .option('--account <id>', "act for this account: the key's own, or one below it")
    .option('--json', 'on one line');
  addLimitFlags(command).action((flags: IceFlags) => {
    const servers = connect(flags.account).iceServers(limitsIn(flags));
    process.stdout.write(`${JSON.stringify(servers, null, flags.json === true ? 0 : 2)}\n`);
  });
}
