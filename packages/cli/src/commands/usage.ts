import { isTimeZone } from '@patchbay/domain/tenancy/time-zone';
import { usageCsvHead, usageCsvLine } from '@patchbay/kit/csv';
import { meterCatalogue } from '@patchbay/services/meters.generated';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { readTime } from '../dates.ts';
import { print, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly bucket: 'minute' | 'hour' | 'day' | 'month' | 'all';
  readonly timeZone?: string;
  readonly where?: string;
  readonly csv?: boolean;
  readonly meter?: string;
  readonly groupBy?: string;
  readonly scope: 'own' | 'descendants';
  readonly session?: string;
  readonly application?: string;
  readonly endpoint?: string;
  readonly credential?: string;
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

type Client = ReturnType<typeof connect>;
type Question = Parameters<Client['usage']['query']>[0];

const CSV_PAGE_ROWS = 10_000;

/** On standard error, where it spoils no JSON and no CSV. */
const incomplete = (completeFrom: string): string =>
  `Complete from ${completeFrom} on: records of before are not all kept any more. Totals have that use.\n`;

/** Page after page, as it is read: a file of any length needs the memory of one page. */
async function writeCsv(client: Client, question: Question): Promise<void> {
  const groupNames = (question.groupBy ?? '').split(',').filter(Boolean);
  process.stdout.write(usageCsvHead(groupNames));
  let after: string | undefined;
  do {
    const page = await client.usage.query({
      ...question,
      limit: CSV_PAGE_ROWS,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page.rows) {
      const unit = units.get(row.meter)?.unit ?? 'count';
      process.stdout.write(usageCsvLine(row, { groupNames, unit }));
    }
    if (after === undefined && page.completeFrom !== undefined)
      process.stderr.write(incomplete(page.completeFrom));
    after = page.nextAfter;
  } while (after !== undefined);
}

const units: ReadonlyMap<string, { readonly unit: string }> = new Map(Object.entries(meterCatalogue));

export function addUsageCommand(program: Command): void {
  program
    .command('usage')
    .description('what was used, by time and meter; this month unless told otherwise')
    .option('--account <id>')
    .option('--from <time>', 'a date in the time zone of the account, or a time such as 2026-11-01T12:00:00Z')
    .option('--to <time>', 'the same; a date includes its whole day')
    .addOption(
      new Option('--bucket <size>').choices(['minute', 'hour', 'day', 'month', 'all']).default('all'),
    )
    .option('--meter <name>', 'such as network-discovery.bytes')
    .option('--time-zone <name>', 'whose hours, days and months; that of the account unless told otherwise')
    .option('--where <dimensions>', 'only these, such as direction:in,region:eu')
    .option('--csv', 'all of it as CSV, with exact integers')
    .option('--group-by <names>', 'dimensions, with commas')
    .addOption(new Option('--scope <scope>').choices(['own', 'descendants']).default('descendants'))
    .option('--session <id>')
    .option('--application <id>')
    .option('--endpoint <identifier>', 'such as user:bob')
    .option('--credential <id>', 'as usage names it: crd_…')
    .option('--refused', 'what was reported, kept and not counted: it is on no statement')
    .option('--limit <count>', 'of what was refused', '100')
    .option('--json')
    .action(async (flags: Flags) => {
      if (flags.timeZone !== undefined && !isTimeZone(flags.timeZone))
        throw new Refusal(
          `--time-zone ${flags.timeZone}: there is none of this name. It is such as Europe/Berlin, or UTC.`,
        );
      if (flags.refused === true) return listRefused(flags);
      const { account, from, to, bucket, meter, groupBy, scope, session, where, json = false } = flags;
      const client = connect(account);
      const timeZone = async () => (await client.accounts.get()).timeZone;
      const question = {
        from:
          from === undefined
            ? startOfMonth(new Date())
            : await readTime({ text: from, edge: 'from', timeZone }),
        to: to === undefined ? soon() : await readTime({ text: to, edge: 'to', timeZone }),
        bucket,
        scope,
        // Where nothing is cut by days, nobody's days are asked for.
        ...(bucket === 'all' ? {} : { timeZone: flags.timeZone ?? (await timeZone()) }),
        ...(where === undefined ? {} : { where }),
        ...(meter === undefined ? {} : { meter }),
        ...(groupBy === undefined ? {} : { groupBy }),
        ...(session === undefined ? {} : { sessionId: session }),
        ...(flags.application === undefined ? {} : { application: flags.application }),
        ...(flags.endpoint === undefined ? {} : { endpoint: flags.endpoint }),
        ...(flags.credential === undefined ? {} : { credential: flags.credential }),
      };
      if (flags.csv === true) return writeCsv(client, question);
      const found = await client.usage.query(question);
      const rows = found.rows.map(({ at, meter: name, group, quantity }) => ({
        at,
        meter: name,
        ...group,
        quantity,
      }));
      print(found, { json, rows });
      if (found.completeFrom !== undefined && !json) process.stderr.write(incomplete(found.completeFrom));
      if (found.isTruncated && !json)
        process.stderr.write('There is more: take --csv, or ask for a shorter time.\n');
    });
}
