import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly state: 'open' | 'ended' | 'all';
  readonly kind: 'call' | 'relay' | 'all';
  readonly identity?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

interface SessionLine {
  readonly id: string;
  readonly kind: string;
  readonly accountName: string;
  readonly state: string;
  readonly mode: string;
  readonly participants: number;
  readonly relayBytes: string;
  readonly startedAt: string;
  readonly endCode?: string;
}

const rowOf = (session: SessionLine): Row => ({
  id: session.id,
  kind: session.kind,
  account: session.accountName,
  state: session.state,
  mode: session.mode,
  participants: session.participants,
  relayed: `${session.relayBytes} B`,
  started: session.startedAt,
  ended: session.endCode,
});

export function addSessionCommand(program: Command): void {
  const session = program.command('session').description('live and past sessions');
  session
    .command('list', { isDefault: true })
    .description('sessions, newest first')
    .option('--account <id>')
    .addOption(new Option('--state <state>').choices(['open', 'ended', 'all']).default('all'))
    .addOption(
      new Option('--kind <kind>', 'calls, or relays used without one')
        .choices(['call', 'relay', 'all'])
        .default('all'),
    )
    .option('--identity <name>', 'those in which it had a part')
    .option('--from <time>', 'those that began then or later')
    .option('--to <time>', 'those that began before')
    .option('--limit <count>', 'at most so many', positiveInteger, 200)
    .option('--json')
    .action(async ({ account, limit, json = false, ...query }: Flags) => {
      const items = await readList(connect(account).sessions.list(query), limit);
      print(items, { json, rows: items.map(rowOf) });
    });
  session
    .command('show <id>')
    .description('one session')
    .option('--account <id>')
    .option('--json')
    .action(async (sessionId: string, { account, json = false }: Flags) => {
      const found = await connect(account).sessions.get({ sessionId });
      print(found, { json, rows: [rowOf(found)] });
    });
  session
    .command('log <id>')
    .description('what happened in a session, in order')
    .option('--account <id>')
    .option('--json')
    .action(async (sessionId: string, { account, json = false }: Flags) => {
      const found = await connect(account).sessions.listLog({ sessionId });
      const rows = found.items.map(({ sequence, at, kind, legId, data }) => ({
        sequence,
        at,
        kind,
        leg: legId,
        data: JSON.stringify(data),
      }));
      print(found, { json, rows });
    });
  session
    .command('end <id>')
    .description('end a session; everybody in it is told why')
    .option('--account <id>')
    .option('--json')
    .action(async (sessionId: string, { account, json = false }: Flags) => {
      const ended = await connect(account).sessions.update({ sessionId, state: 'ended' });
      print(ended, { json, rows: [rowOf(ended)] });
    });
}
