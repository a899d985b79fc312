import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { connect, readVariables } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';

const LIST_COUNT_MAX = 1_000;
/** How far a job has come is asked so often. */
const LOOK_MS = 1_000;

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
  readonly from?: string;
}

type Api = ReturnType<typeof connect>;
type Export = Awaited<ReturnType<Api['exports']['get']>>;
type Erasure = Awaited<ReturnType<Api['erasures']['get']>>;
type Places = Awaited<ReturnType<Api['dataPlaces']['get']>>;
type DataClass = Awaited<ReturnType<Api['retention']['get']>>['classes'][number];

const classRow = ({
  dataClass,
  keepDays,
  keepDaysLevel,
  keepDaysMin,
  keepDaysMax,
  kept,
}: DataClass): Row => ({
  class: dataClass,
  kept: keepDays === undefined ? kept : `${keepDays} days`,
  by: keepDaysLevel,
  between: keepDaysMin === undefined ? undefined : `${keepDaysMin} and ${keepDaysMax}`,
});

function placeRows({ dataRegions, dataRegionsLevel, isKept, storageRegions, nodes }: Places): Row[] {
  const notThere = isKept === false ? 'the storage is not there' : undefined;
  return [
    { what: 'data', regions: dataRegions?.join(', ') ?? 'any', by: dataRegionsLevel, note: notThere },
    { what: 'storage', regions: storageRegions.join(', ') || 'not declared' },
    ...nodes.map(({ role, region, isServing }) => ({
      what: role,
      regions: region,
      note: isServing ? undefined : 'not for this account',
    })),
  ];
}

const exportRow = ({ id, scope, state, fileCount, rowCount, sizeBytes, expiresAt }: Export): Row => ({
  id,
  scope,
  state,
  files: fileCount,
  rows: rowCount,
  bytes: sizeBytes,
  until: expiresAt,
});

const sumOf = (byClass: Readonly<Record<string, number>>): number =>
  Object.values(byClass).reduce((sum, count) => sum + count, 0);

const erasureRow = ({ id, person, state, found, erased, liveCount, wordsAboveCount }: Erasure): Row => ({
  id,
  person: person ?? 'somebody',
  state,
  found: sumOf(found),
  erased: sumOf(erased),
  live: liveCount,
  'stays from above': wordsAboveCount,
});

/** Of an endpoint: what accounts above say about it is not the account's to erase (POL-2). */
function sayWhatStays({ wordsAboveCount }: Erasure): void {
  if (wordsAboveCount > 0)
    process.stderr.write(
      `What accounts above say about this endpoint stays, under its name: ${wordsAboveCount} of their words.\n`,
    );
}

function days(text: string): number | 'unset' {
  if (text === 'unset') return 'unset';
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0)
    throw new InvalidArgumentError('Give whole days, or unset to leave it to the level above.');
  return number;
}

/** Sets one class, and leaves the others of this level as they are. */
async function keep(
  dataClass: string,
  keepDays: number | 'unset',
  { account, json, from }: Flags,
): Promise<void> {
  const pb = connect(account);
  const whose = from === undefined ? {} : { from };
  const { stored } = await pb.retention.get(whose);
  const before = new Map(Object.entries(stored));
  const { keepDays: _before, ...bounds } = before.get(dataClass) ?? {};
  const word = { ...bounds, ...(keepDays === 'unset' ? {} : { keepDays }) };
  const wanted = { ...stored, [dataClass]: Object.keys(word).length === 0 ? undefined : word };
  const { classes } = await pb.retention.set({ ...wanted, ...whose });
  const changed = classes.filter((one) => one.dataClass === dataClass);
  print(changed, { json: json === true, rows: changed.map(classRow) });
}

interface ExportFlags extends Flags {
  readonly person?: string;
  readonly to?: string;
}

/** Has an export made, waits for it while it says how far it is, and fetches it. */
async function makeExport({ account, person, to, json }: ExportFlags): Promise<void> {
  const pb = connect(account);
  let made = await pb.exports.create(person === undefined ? {} : { person });
  while (made.state === 'pending' || made.state === 'running') {
    process.stderr.write(`\r${made.rowCount} rows in ${made.fileCount} files …`);
    await wait(LOOK_MS);
    made = await pb.exports.get({ exportId: made.id });
  }
  process.stderr.write(`\r${made.rowCount} rows in ${made.fileCount} files, ${made.sizeBytes} bytes.\n`);
  if (made.state !== 'ready') throw new Refusal(`The export is ${made.state}: ask for another one.`);
  if (to !== undefined) await fetchExport(pb, made.id, to);
  print(made, { json: json === true, rows: [{ ...exportRow(made), file: to }] });
}

/** Writes the archive beside its place, and puts it there once all of it came. */
async function fetchExport(pb: Api, exportId: string, file: string): Promise<void> {
  const { path, sizeBytes } = await pb.exports.createLink({ exportId });
  const { PATCHBAY_URL: url = '' } = readVariables();
  const response = await fetch(new URL(path, url));
  if (!response.ok || response.body === null)
    throw new Refusal(`The platform answered ${response.status} instead of the archive.`);
  const partial = `${file}.part`;
  const target = createWriteStream(partial, { mode: 0o600 });
  await pipeline(chunksOf(response.body), target);
  if (target.bytesWritten !== sizeBytes)
    throw new Refusal(`${target.bytesWritten} of ${sizeBytes} bytes came: what came is in ${partial}.`);
  await rename(partial, file);
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

interface EraseFlags extends Flags {
  readonly yes?: true;
}

/** Counts what there is of a person; erases it where that was said beforehand. */
async function erase(person: string, { account, yes, json }: EraseFlags): Promise<void> {
  const pb = connect(account);
  let erasure = await pb.erasures.create({ person });
  const erasureId = erasure.id;
  const settled = async (...states: readonly Erasure['state'][]) => {
    while (states.includes(erasure.state)) {
      await wait(LOOK_MS);
      erasure = await pb.erasures.get({ erasureId });
    }
  };
  await settled('counting');
  const rowsOf = (byClass: Readonly<Record<string, number>>): Row[] =>
    Object.entries(byClass).map(([name, count]) => ({ class: name, rows: count }));
  if (yes !== true) {
    print(erasure, { json: json === true, rows: rowsOf(erasure.found) });
    sayWhatStays(erasure);
    process.stderr.write(
      `Nothing was erased. To do it: patchbay privacy confirm ${erasureId}. It is forgotten in a day.\n`,
    );
    return;
  }
  erasure = await pb.erasures.update({ erasureId, state: 'running' });
  if (erasure.liveCount > 0)
    process.stderr.write(`Waiting for ${erasure.liveCount} sessions that the person is in …\n`);
  await settled('running');
  print(erasure, { json: json === true, rows: rowsOf(erasure.erased) });
  sayWhatStays(erasure);
}

export function addPrivacyCommand(program: Command): void {
  const privacy = program
    .command('privacy')
    .description('what is kept of people, for how long and where, exports, and erasures');
  const addVerb = (usage: string, description: string) =>
    privacy.command(usage).description(description).option('--account <id>').option('--json');

  addVerb('retention', 'every class of data, for how long it is kept, and who says so').action(
    async ({ account, json }: Flags) => {
      const { classes } = await connect(account).retention.get();
      print(classes, { json: json === true, rows: classes.map(classRow) });
    },
  );
  addVerb('places', 'in which regions data are kept, and where storage and nodes are').action(
    async ({ account, json }: Flags) => {
      const places = await connect(account).dataPlaces.get();
      print(places, { json: json === true, rows: placeRows(places) });
    },
  );
  addVerb('keep', 'keep a class of data for so many days')
    .argument('<class>', 'such as sessionLogs')
    .argument('<days>', 'or unset', days)
    .option('--from <account>', 'the word of an account above that you may speak for')
    .action(keep);
  addVerb('exports', 'the exports of this account').action(async ({ account, json }: Flags) => {
    const items = await readList(connect(account).exports.list(), LIST_COUNT_MAX);
    print(items, { json: json === true, rows: items.map(exportRow) });
  });
  addVerb('export', 'have a copy made of everything that the account owns, and fetch it')
    .option('--person <person>', 'only what is there of one person: user:bob, or the id of a user')
    .option('--to <file>', 'where to write the archive, a .tar.gz')
    .action(makeExport);
  addVerb('erasures', 'the erasures of this account, and their receipts').action(
    async ({ account, json }: Flags) => {
      const items = await readList(connect(account).erasures.list(), LIST_COUNT_MAX);
      print(items, { json: json === true, rows: items.map(erasureRow) });
    },
  );
  addVerb('erase', 'count what there is of a person; with --yes, erase it')
    .argument('<person>', 'user:bob, or the id of a user of the team')
    .option('--yes', 'erase it without another question')
    .action(erase);
  for (const [verb, state, description] of [
    ['confirm', 'running', 'erase what was counted'],
    ['cancel', 'cancelled', 'forget an erasure that was counted'],
  ] as const)
    addVerb(verb, description)
      .argument('<id>')
      .action(async (erasureId: string, { account, json }: Flags) => {
        const changed = await connect(account).erasures.update({ erasureId, state });
        print(changed, { json: json === true, rows: [erasureRow(changed)] });
      });
}
