import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { print } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface NotifyFlags {
  readonly account?: string;
  readonly body?: string;
  readonly with?: string;
  readonly tag?: string;
  readonly urgency?: 'high' | 'normal' | 'low';
  readonly ways?: string;
  readonly ttl?: number;
  readonly json?: boolean;
}

interface ListFlags extends Pick<NotifyFlags, 'account' | 'json'> {
  readonly of?: string;
  readonly limit: number;
}

/** JSON; what is none is a text. */
function dataOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function addNotifyCommand(program: Command): void {
  program
    .command('notify <identity> <title>')
    .description('tell an endpoint something, by WebSocket, push, SMS, e-mail or webhook')
    .option('--body <text>')
    .option('--with <json>', 'what the application gets with it')
    .option('--tag <tag>', 'the next one of its tag takes its place')
    .option('--urgency <urgency>', 'high, normal or low')
    .option('--ways <list>', 'in their order, as in push,email+900')
    .option('--ttl <seconds>', 'it is told to nobody afterwards', positiveInteger)
    .option('--account <id>')
    .option('--json')
    .action(async (identity: string, title: string, flags: NotifyFlags) => {
      const { account, json = false, body, tag, urgency, ways, ttl } = flags;
      const notice = await connect(account).notification.send({
        ...{ identity, title },
        ...given({ body, data: dataOf(flags.with), tag, urgency, ttlSeconds: ttl, ways: ways?.split(',') }),
      });
      const { id, endpoint, state } = notice;
      print(notice, { json, rows: [{ id, endpoint, state, ways: notice.ways.join(', ') }] });
    });
  program
    .command('notices')
    .description('list what endpoints were told, and what became of it')
    .option('--of <identity>', 'of one of them')
    .option('--limit <count>', 'the newest', positiveInteger, 20)
    .option('--account <id>')
    .option('--json')
    .action(async ({ account, json = false, of, limit }: ListFlags) => {
      const { items } = await connect(account)
        .notification.listNotices({ limit, ...given({ identity: of }) })
        .page();
      const rows = items.map(({ id, endpoint, state, title = '', deliveries, createdAt }) => ({
        ...{ id, endpoint, state, title },
        tried: deliveries.map((one) => `${one.way} ${one.reason ?? one.state}`).join(', '),
        at: createdAt,
      }));
      print(items, { json, rows });
    });
}
