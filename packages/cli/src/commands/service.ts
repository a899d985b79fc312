import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row } from '../output.ts';
import { levelOf } from './policy.ts';

interface Flags {
  readonly account?: string;
  readonly from?: string;
  readonly json?: boolean;
}

interface EnableFlags extends Flags {
  readonly for: string;
  readonly sessionsPerDay: string;
  readonly minutesPerSession: string;
}

type Services = ReturnType<typeof connect>['services'];
type Access = Awaited<ReturnType<Services['enable']>>;
type Uses = NonNullable<Access['own']>['uses'];

const rowOf = ({ service, isOn, reason, origin, own, fromAbove }: Access): Row => ({
  service,
  state: isOn ? 'on' : 'off',
  because: reason,
  level: origin === undefined ? '' : levelOf(origin),
  for: (own ?? fromAbove.at(-1))?.uses.join(', '),
  above: fromAbove
    .map(({ state, setById }) => `${state === 'enabled' ? 'on' : 'off'} by ${setById ?? 'an account above'}`)
    .join(', '),
});

const ofSetter = ({ from }: Pick<Flags, 'from'>) => (from === undefined ? {} : { from });
const fromFlag = ['--from <account>', 'whose word: that of an account that you may speak for here'] as const;

export function addServiceCommand(program: Command): void {
  const service = program.command('service').description('which services an account has on, and what for');
  service
    .command('list')
    .description('every service, whether it is on, and which level made it so')
    .option('--account <id>')
    .option('--json')
    .action(async ({ account, json = false }: Flags) => {
      const { items } = await connect(account).services.list();
      print(items, { json, rows: items.map(rowOf) });
    });
  service
    .command('enable <service>')
    .description('turns a service on, for the account and all below it')
    .requiredOption('--for <uses>', 'what it is used for, such as audio,video,screen')
    .requiredOption('--sessions-per-day <count>', 'how many you expect')
    .requiredOption('--minutes-per-session <count>', 'how long one is, on average')
    .option('--account <id>')
    .option(...fromFlag)
    .option('--json')
    .action(async (name: string, { account, json = false, ...flags }: EnableFlags) => {
      const enabled = await connect(account).services.enable({
        service: name,
        ...ofSetter(flags),
        // What is none of them the API refuses, and says which there are.
        uses: flags.for.split(',').filter(Boolean) as readonly string[] as Uses,
        sessionsPerDay: Number(flags.sessionsPerDay),
        minutesPerSession: Number(flags.minutesPerSession),
      });
      print(enabled, { json, rows: [rowOf(enabled)] });
    });
  service
    .command('disable <service>')
    .description('turns a service off, for the account and all below it; its running sessions end')
    .option('--account <id>')
    .option(...fromFlag)
    .option('--json')
    .action(async (name: string, { account, json = false, ...flags }: Flags) => {
      const disabled = await connect(account).services.disable({ service: name, ...ofSetter(flags) });
      print(disabled, { json, rows: [rowOf(disabled)] });
    });
}
