import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@patchbay/adapters/processes/process-identity';
import { Spool, type Spooled } from '@patchbay/adapters/spool/spool';
import { SpooledUses } from '@patchbay/adapters/spool/spooled-uses';
import { Uploader } from '@patchbay/adapters/spool/uploader';
import type { UsageDraft, UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';

const BATCH_COUNT_MAX = 500;
const EVERY_MS = 500;
const OWNER_FILE = 'process.json';

export interface ApiUsageOptions {
  /** Where usage waits for the database. Undefined: in a folder that goes with this process. */
  readonly dataFolder: string | undefined;
  readonly region: string;
  readonly ingest: (records: readonly UsageRecord[]) => Promise<unknown>;
  /** Keeps what this process runs, once, before its first use is stored. */
  readonly noteSource: (source: { readonly nodeId: string; readonly boot: number }) => Promise<void>;
  readonly onFailure: (error: unknown, message: string) => void;
  /** How often what was counted is written, and stored. Default: twice a second. */
  readonly everyMs?: number;
}

/**
 * What the control plane counts itself: requests, and what operations meter (MET-6). It goes the way of a node's usage, over
 * a spool of this process, so a database that is away costs none of it, and kill -9 less than a second (MET-2). Each
 * process is a source of its own, so ids never meet; what a dead one left behind is brought in by the next that starts.
 */
export class ApiUsage {
  readonly #options: ApiUsageOptions;
  readonly #uses: SpooledUses;
  readonly #atExit = () => this.#uses.flushAtExit();
  #opening: Promise<Source | undefined> | undefined;
  #isStopped = false;

  constructor(options: ApiUsageOptions) {
    this.#options = options;
    this.#uses = new SpooledUses({ region: options.region, flushMs: options.everyMs ?? EVERY_MS });
  }

  /** Nothing is opened before there is something to count. */
  record(usedBy: UsedBy, use: CountedUse): void {
    this.#uses.count(usedBy, use);
    if (this.#isStopped) return;
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#options.onFailure(error, 'Usage of the API has no place to wait in, and waits in memory.');
      this.#opening = undefined;
      return undefined;
    });
  }

  async #open(): Promise<Source> {
    const { dataFolder } = this.#options;
    const parent =
      dataFolder === undefined
        ? mkdtempSync(path.join(tmpdir(), 'patchbay-'))
        : path.join(dataFolder, 'control-plane', 'usage');
    const left = leftBehind(parent);
    const source = await this.#openSource(parent, `control-plane-${randomUUID()}`, { isOwn: true });
    this.#uses.start(source.spool, (error) => this.#options.onFailure(error, 'The spool cannot be written.'));
    source.uploader.start();
    process.once('exit', this.#atExit);
    for (const name of left)
      this.#bringIn(parent, name).catch((error: unknown) =>
        this.#options.onFailure(error, 'Usage of a process that died was not read.'),
      );
    return source;
  }

  async #openSource(parent: string, name: string, { isOwn = false } = {}): Promise<Source> {
    const folder = path.join(parent, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path.join(folder, OWNER_FILE), JSON.stringify(identify(process.pid)), { mode: 0o600 });
    const spool = await Spool.open<UsageDraft>({ folder });
    // Of one that died, whatever it stored was noted by itself: this process may run something else.
    let isNoted = !isOwn;
    const uploader = new Uploader<UsageDraft>({
      spool,
      batchCountMax: BATCH_COUNT_MAX,
      intervalMs: this.#options.everyMs ?? EVERY_MS,
      send: async (batch) => {
        if (!isNoted) await this.#options.noteSource({ nodeId: name, boot: spool.boot });
        isNoted = true;
        await this.#options.ingest(batch.map((spooled) => recordOf(spooled, name)));
      },
      onFailure: (error) => this.#options.onFailure(error, 'Usage of the API waits for the database.'),
    });
    return { folder, spool, uploader };
  }

  /** Two that bring the same in at once do no harm: each record keeps its id, and counts once. */
  async #bringIn(parent: string, name: string): Promise<void> {
    const source = await this.#openSource(parent, name);
    const records = (): readonly Spooled<UsageDraft>[] => source.spool.peek(BATCH_COUNT_MAX);
    try {
      for (let batch = records(); batch.length > 0; batch = records()) {
        await this.#options.ingest(batch.map((spooled) => recordOf(spooled, name)));
        await source.spool.acknowledge(batch);
      }
    } catch (error) {
      await source.spool.close();
      // Nobody has it in hand now: the next process that starts does.
      await rm(path.join(source.folder, OWNER_FILE), { force: true });
      throw error;
    }
    await source.spool.close();
    await rm(source.folder, folderToo);
  }

  /** Brings in what was counted until now, in the time that a database which answers needs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const source = await this.#opening;
    if (source === undefined) return;
    process.off('exit', this.#atExit);
    await this.#uses.stop();
    await source.uploader.stop();
    const isEmpty = source.spool.waitingCount === 0;
    await source.spool.close();
    if (isEmpty) await rm(source.folder, folderToo);
    if (isEmpty && this.#options.dataFolder === undefined) await rm(path.dirname(source.folder), folderToo);
  }
}

const folderToo = { recursive: true, force: true } as const;

interface Source {
  readonly folder: string;
  readonly spool: Spool<UsageDraft>;
  readonly uploader: Uploader<UsageDraft>;
}

const recordOf = ({ boot, sequence, item }: Spooled<UsageDraft>, nodeId: string): UsageRecord => ({
  ...item,
  id: { nodeId, boot, sequence },
});

/** The folders of processes that are no more. */
function leftBehind(parent: string): readonly string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent).filter((name) => {
    if (!name.startsWith('control-plane-')) return false;
    const file = path.join(parent, name, OWNER_FILE);
    try {
      return !isAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity);
    } catch {
      return true; // It died before it said who it is, or gave up what it could not bring in.
    }
  });
}
