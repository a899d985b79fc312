import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { readTime } from '../dates.ts';
import { print, readList } from '../output.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly bucket: 'minute' | 'hour' | 'day' | 'all';
  readonly meter?: string;
  readonly groupBy?: string;
  readonly scope: 'own' | 'inclusive';
  readonly session?: string;
  readonly refused?: true;
  readonly limit: string;
}

/** The first moment of this month, in which a billing period begins. */
function startOfMonth(now: Date): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)).toISOString();
}

/** A minute on, so that the minute that is under way is inside. */
const soon = (): string => new Date(Date.now() + 60_000).toISOString();

async function listRefused({ account, limit, json = false }: Flags): Promise<void> {
  const found = await readList(connect(account).usage.listRefused(), Number(limit));
  const rows = found.map(({ at, reason, accountId, nodeId, service, quantities }) => ({
    at,
    reason,
    account: accountId,
    node: nodeId,
    what: quantities.map(({ meter, quantity }) => `${quantity} ${service}.${meter}`).join(', '),
  }));
  print(found, { json, rows });
}

export function addUsageCommand(program: Command): void {
  program
    .command('usage')
    .description('what was used, by time and meter; this month unless told otherwise')
    .option('--account <id>')
    .option('--from <time>', 'a date in the time zone of the account, or a time such as 2026-11-01T12:00:00Z')
    .option('--to <time>', 'the same; a date includes its whole day')
    .addOption(new Option('--bucket <size>').choices(['minute', 'hour', 'day', 'all']).default('all'))
    .option('--meter <name>', 'such as network-discovery.bytes')
    .option('--group-by <names>', 'dimensions, with commas')
    .addOption(new Option('--scope <scope>').choices(['own', 'inclusive']).default('inclusive'))
    .option('--session <id>')
    .option('--refused', 'what was reported, kept and not counted: it is on no statement')
    .option('--limit <count>', 'of what was refused', '100')
    .option('--json')
    .action(async (flags: Flags) => {
      if (flags.refused === true) return listRefused(flags);
      const { account, from, to, bucket, meter, groupBy, scope, session, json = false } = flags;
      const client = connect(account);
      const timeZone = async () => (await client.accounts.get()).timeZone;
      const found = await client.usage.query({
        from:
          from === undefined
            ? startOfMonth(new Date())
            : await readTime({ text: from, edge: 'from', timeZone }),
        to: to === undefined ? soon() : await readTime({ text: to, edge: 'to', timeZone }),
        bucket,
        scope,
        ...(meter === undefined ? {} : { meter }),
        ...(groupBy === undefined ? {} : { groupBy }),
        ...(session === undefined ? {} : { sessionId: session }),
      });
      const rows = found.rows.map(({ at, meter: name, group, quantity }) => ({
        at,
        meter: name,
        ...group,
        quantity,
      }));
      print(found, { json, rows });
      if (found.isTruncated && !json) process.stderr.write('There is more: ask for a shorter time.\n');
    });
}
