import { createWriteStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { formatDecimal, nano } from '@patchbay/domain/billing/money';
import { Argument, type Command } from 'commander';
import { connect } from '../connection.ts';
import { print } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface ExportFlags {
  readonly account?: string;
  readonly from: string;
  readonly to?: string;
  readonly json?: true;
  readonly below?: true;
  readonly out?: string;
}

/** As it is read: a file of any length needs the memory of one part. */
async function exportBooks(
  what: 'ledger' | 'statements',
  { account, from, to, json, below, out }: ExportFlags,
): Promise<void> {
  const client = connect(account);
  const form = json === true ? 'json' : 'csv';
  const range = { from, ...(to === undefined ? {} : { to }) };
  const file =
    what === 'ledger'
      ? await client.ledger[form]({ ...range, scope: below === true ? 'descendants' : 'own' })
      : await client.statements[form](range);
  const whole = Readable.from(file.stream);
  if (out === undefined) await pipeline(whole, process.stdout, { end: false });
  else await pipeline(whole, createWriteStream(out));
}

interface VerifyFlags {
  readonly account?: string;
  readonly all?: true;
  readonly period: string;
  readonly only?: true;
  readonly differences?: true;
  readonly json?: boolean;
}

const money = (amount: string): string => formatDecimal(nano(BigInt(amount)));

/** Exit code 1 where a line differs, 2 where the records of an account are not kept any more. */
async function verify({ all, ...flags }: VerifyFlags): Promise<void> {
  if (all === true) return await verifyAll(flags);
  const { account, period, only, differences, json = false } = flags;
  const client = connect(account);
  const found = [];
  const accounts = client.statements.verify({
    period,
    scope: only === true ? 'own' : 'descendants',
    detail: differences === true ? 'differences' : 'lines',
  });
  for await (const each of accounts) found.push(each);
  print(found, { json, rows: rowsOf(found) });
  concluded({
    ...{ period, json, accountCount: found.length },
    differingCount: found.reduce((sum, { differingCount }) => sum + differingCount, 0),
    goneCount: found.filter(({ outcome }) => outcome === 'gone').length,
    lineCount: found.reduce((sum, { lineCount }) => sum + lineCount, 0),
  });
}

/** Each record is read once, for all accounts: a part in each answer, until it is done. Whoever leaves and comes back goes on. */
async function verifyAll({ account, period, json = false }: VerifyFlags): Promise<void> {
  const client = connect(account);
  const rows: VerifiedAccount[] = [];
  for (let shown = ''; ; ) {
    const found = await client.closings.verify({ period });
    rows.push(...found.rows);
    const said = `${found.readDayCount} of ${found.dayCount} days read, ${found.accountCount} accounts compared`;
    if (said !== shown) process.stderr.write(`${period}: ${said}\n`);
    shown = said;
    if (!found.isDone) continue;
    print({ ...found, rows }, { json, rows: rowsOf(rows) });
    return concluded({ ...found, json });
  }
}

type VerifiedAccount = Awaited<ReturnType<ReturnType<typeof connect>['closings']['verify']>>['rows'][number];

const rowsOf = (found: readonly VerifiedAccount[]) =>
  found.flatMap(({ accountId, lines }) =>
    lines.map(({ kind, state, key, recomputed, booked }) => ({
      account: accountId,
      kind,
      line: key,
      recomputed: money(recomputed),
      booked: money(booked),
      state,
    })),
  );

interface Concluded {
  readonly period: string;
  readonly accountCount: number;
  readonly lineCount: number;
  readonly differingCount: number;
  readonly goneCount: number;
  readonly json: boolean;
}

function concluded({ period, accountCount, lineCount, differingCount, goneCount, json }: Concluded): void {
  if (!json)
    process.stdout.write(
      `\n${period}: ${accountCount} accounts, ${lineCount} lines, ${differingCount} of them differ` +
        `${goneCount === 0 ? '' : `; of ${goneCount} accounts records are gone`}\n`,
    );
  if (differingCount > 0) throw new Refusal(`The books of ${period} do not agree with what nodes reported.`);
  if (goneCount > 0) throw new Refusal('What is not kept any more cannot be recomputed.', 2);
}

interface CloseFlags {
  readonly account?: string;
  readonly period: string;
  /** False with --no-wait. */
  readonly wait: boolean;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 2_000;

/**
 * The platform closes by itself: whoever leaves here stops nothing, and whoever asks again looks on. A platform that was stopped
 * on the way goes on where it was.
 */
async function close({ account, period, wait: isWaiting, json = false }: CloseFlags): Promise<void> {
  const client = connect(account);
  await client.closings.close({ period });
  for (let shown = ''; ; await wait(LOOK_EVERY_MS)) {
    const closing = (await client.closings.list()).items.find((each) => each.period === period);
    if (closing === undefined) throw new Refusal(`The platform knows of no closing of ${period}.`);
    const { state, accountCount, keptCount, issuedCount, documentCount } = closing;
    if (state === 'closed' || !isWaiting) {
      const row = { month: period, state, accounts: accountCount, documents: documentCount };
      return print(closing, { json, rows: [row] });
    }
    const said =
      accountCount === 0
        ? 'it begins within five minutes'
        : `${keptCount} of ${accountCount} statements, documents of ${issuedCount} of ${accountCount} accounts`;
    if (said !== shown) process.stderr.write(`${period}: ${said}\n`);
    shown = said;
  }
}

interface ReconcileFlags {
  readonly account?: string;
  readonly list?: true;
  readonly json?: boolean;
}

/** Exit code 1 where something is otherwise at Stripe. What it reads again is there within minutes: `--list` says what was found. */
async function reconcile({ account, list, json = false }: ReconcileFlags): Promise<void> {
  const client = connect(account);
  if (list !== true) {
    const started = await client.reconciliation.start();
    print(started, { json, rows: [{ 'read again': started.documentCount }] });
    if (!json) process.stdout.write('\nIn a minute: patchbay billing reconcile --list\n');
    return;
  }
  const found = [];
  for await (const difference of client.reconciliation.listDifferences()) found.push(difference);
  const rows = found.map(({ documentNumber, documentId, kind, expected, found: is, foundAt, endedAt }) => ({
    document: documentNumber ?? documentId,
    kind,
    expected,
    found: is,
    since: foundAt,
    until: endedAt ?? '',
  }));
  print(found, { json, rows });
  const standing = found.filter(({ endedAt }) => endedAt === undefined).length;
  if (standing > 0) throw new Refusal(`${standing} at Stripe are otherwise than was asked for or sent.`);
}

interface LinkFlags {
  readonly account?: string;
  readonly link?: true;
  readonly json?: boolean;
}

/** Says what is wrong with each line; links only with `--link`, and then all of them or none. */
async function linkCustomers(file: string, { account, link, json = false }: LinkFlags): Promise<void> {
  const client = connect(account);
  const request = { csv: readFileSync(file, 'utf8') };
  const found = await client.customers.check(request);
  const { problems, linkCount, unchangedCount } = found;
  if (problems.length > 0) {
    print(found, { json, rows: problems.map(({ line, detail }) => ({ line, detail })) });
    throw new Refusal(`${problems.length} of the lines cannot be linked, so none was.`);
  }
  const done = link === true ? await client.customers.link(request) : found;
  print(done, { json, rows: [{ links: linkCount, 'linked already': unchangedCount }] });
  if (!json && link !== true && linkCount > 0) process.stdout.write('\nNothing is linked yet: add --link.\n');
}

export function addBillingCommand(program: Command): void {
  const billing = program.command('billing').description('the books: exports, and whether they are right');
  billing
    .command('export')
    .description('the ledger, or statements line by line, as CSV with exact decimals')
    .addArgument(new Argument('<what>').choices(['ledger', 'statements']))
    .requiredOption('--from <month>', 'such as 2026-10')
    .option('--to <month>', 'the last month; the first alone unless told otherwise')
    .option('--account <id>')
    .option('--below', 'of the ledger: that of all accounts below, too')
    .option('--out <file>', 'where it is written; to standard output unless told otherwise')
    .option('--json', 'as a JSON array')
    .action(exportBooks);
  billing
    .command('verify')
    .description(
      'recomputes a closed month from what nodes reported, and says line by line whether the books agree',
    )
    .requiredOption('--period <month>', 'such as 2026-10')
    .option('--account <id>', 'it and all accounts below it')
    .option('--only', 'the account alone')
    .option(
      '--all',
      'all accounts of the platform in one pass, each record read once; shows what does not agree',
    )
    .option('--differences', 'only lines that do not agree')
    .option('--json')
    .action(verify);
  billing
    .command('close')
    .description(
      'closes a month that is over without waiting for late use, and says how far it is until it is closed',
    )
    .requiredOption('--period <month>', 'such as 2026-10')
    .option('--no-wait', 'asks for it and ends')
    .option('--account <id>', "the platform's")
    .option('--json')
    .action(close);
  billing
    .command('reconcile')
    .description('reads again at Stripe all that is watched, as each day does by itself')
    .option('--list', 'says what was found to be otherwise there; exit code 1 if anything is')
    .option('--account <id>')
    .option('--json')
    .action(reconcile);
  billing
    .command('link-customers <file>')
    .description(
      'links accounts to their customers at Stripe: a CSV with the columns account, customer; tries it first',
    )
    .option('--link', 'links them')
    .option('--account <id>')
    .option('--json')
    .action(linkCustomers);
}
