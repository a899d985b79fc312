import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { readTime } from '../dates.ts';
import { print, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

interface ListFlags extends Flags {
  readonly scope: 'own' | 'descendants';
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

async function listEntries(flags: ListFlags): Promise<void> {
  const { account, scope, actor, action, target, from, to, limit, json = false } = flags;
  const client = connect(account);
  const timeZone = async () => (await client.accounts.get()).timeZone;
  const list = client.audit.list({
    scope,
    ...(actor === undefined ? {} : { actorId: actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(from === undefined ? {} : { from: await readTime({ text: from, edge: 'from', timeZone }) }),
    ...(to === undefined ? {} : { to: await readTime({ text: to, edge: 'to', timeZone }) }),
  });
  const items = await readList(list, limit);
  const rows = items.map((entry) => ({
    at: entry.at,
    by: entry.actorName,
    key: entry.key?.display,
    from: entry.address,
    action: entry.action,
    target: entry.target,
    request: entry.requestId,
  }));
  print(items, { json, rows });
}

async function verify({ account, json = false }: Flags): Promise<void> {
  const found = await connect(account).audit.verify();
  const { state, entryCount, brokenAt } = found;
  print(found, { json, rows: [{ chain: state, entries: entryCount, 'broken at': brokenAt }] });
  if (state === 'broken') process.exitCode = 1;
}

export function addAuditCommand(program: Command): void {
  const audit = program.command('audit').description('who changed what, and whether the log is whole');
  audit
    .command('list')
    .description('the changes, newest first')
    .option('--account <id>')
    .addOption(new Option('--scope <scope>').choices(['own', 'descendants']).default('own'))
    .option('--actor <id>', 'of a user, of a key, platform, or above')
    .option('--action <name>', 'such as keys.create, or keys for all of its operations')
    .option('--target <id>', 'with all that is of it')
    .option('--from <time>', 'a date in the time zone of the account, or a time such as 2026-11-01T12:00:00Z')
    .option('--to <time>', 'the same; a date includes its whole day')
    .option('--limit <count>', 'at most so many', positiveInteger, 100)
    .option('--json')
    .action(listEntries);
  audit
    .command('verify')
    .description('whether an entry is missing or was changed, and which; ends with 1 if so')
    .option('--account <id>')
    .option('--json')
    .action(verify);
}
