import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { decodeFrames, encodeFrame, type SpoolFrame } from './spool-frame.ts';

/** What is spooled, with the id that it keeps for ever (MET-2). */
export interface Spooled<Item> {
  readonly boot: number;
  readonly sequence: number;
  readonly item: Item;
}

export interface SpoolOptions {
  readonly folder: string;
  readonly nowMs?: () => number;
  /** At this size the spool reports itself full; the caller takes no new work. Running work is still written. */
  readonly sizeBytesMax?: number;
}

const ROTATE_BYTES = 4 * 1024 * 1024;

/**
 * An append-only file that keeps what is not yet acknowledged. `tick` writes and syncs, at most every 500 ms, so that
 * kill -9 loses no more than that. Each start is a boot of its own; files of earlier boots are recovered, what was still
 * growing in them included, and deleted once acknowledged.
 */
export class Spool<Item> {
  readonly boot: number;
  readonly #options: Required<SpoolOptions>;
  readonly #waiting: Spooled<Item>[] = [];
  readonly #oldFiles = new Map<number, string[]>();
  #unwritten: Spooled<Item>[] = [];
  readonly #open = new Map<string, Item>();
  #isOpenChanged = false;
  readonly #savedOfBoot = new Map<number, number>();
  #acknowledged = 0;
  #sequence = 0;
  #savedSequence = 0;
  #file: FileHandle | undefined;
  #fileName = '';
  #segment = 0;
  #ticker: NodeJS.Timeout | undefined;
  #before: () => Promise<void> = () => Promise.resolve();
  #sizeBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: Required<SpoolOptions>, boot: number) {
    this.#options = options;
    this.boot = boot;
  }

  /** Opens the folder, recovering what earlier boots left behind. */
  static async open<Item>(options: SpoolOptions): Promise<Spool<Item>> {
    const full = { nowMs: Date.now, sizeBytesMax: 256 * 1024 * 1024, ...options };
    mkdirSync(full.folder, { recursive: true, mode: 0o700 });
    const names = readdirSync(full.folder).filter((name) => /^\d+-\d+\.spool$/.test(name));
    const boots = [...new Set(names.map((name) => Number(name.split('-')[0])))].sort((a, b) => a - b);
    const spool = new Spool<Item>(full, Math.max(full.nowMs(), (boots.at(-1) ?? 0) + 1));
    for (const boot of boots) {
      const files = names.filter((name) => name.startsWith(`${boot}-`)).sort(bySegment);
      await spool.#recover(
        boot,
        files.map((name) => path.join(full.folder, name)),
      );
    }
    await spool.#startFile();
    return spool;
  }

  /** Reads an earlier boot. What was open becomes finished, under the next sequences, and is written down as such first. */
  async #recover(boot: number, files: readonly string[]): Promise<void> {
    const finished = new Map<number, Item>();
    let open: readonly Item[] = [];
    let acknowledged = 0;
    let last = 0;
    for (const file of files) {
      for (const frame of decodeFrames<SpoolFrame<Item>>(readFileSync(file))) {
        for (const { sequence, item } of frame.finished) {
          finished.set(sequence, item);
          last = Math.max(last, sequence);
        }
        open = frame.open;
        acknowledged = Math.max(acknowledged, frame.acknowledged ?? 0);
        last = Math.max(last, acknowledged);
      }
    }
    const closing = open.map((item, index) => ({ sequence: last + 1 + index, item }));
    if (closing.length > 0) {
      const file = path.join(this.#options.folder, `${boot}-${segmentOf(files.at(-1)) + 1}.spool`);
      const handle = await open_(file);
      await handle.appendFile(encodeFrame<SpoolFrame<Item>>({ finished: closing, open: [] }));
      await handle.sync();
      await handle.close();
      this.#oldFiles.set(boot, [...files, file]);
    } else {
      this.#oldFiles.set(boot, [...files]);
    }
    for (const { sequence, item } of closing) finished.set(sequence, item);
    this.#savedOfBoot.set(boot, last + closing.length);
    const rest = [...finished].filter(([sequence]) => sequence > acknowledged).sort(([a], [b]) => a - b);
    this.#waiting.push(...rest.map(([sequence, item]) => ({ boot, sequence, item })));
    if (rest.length === 0) await this.#forget(boot);
  }

  /** Takes a finished item, in place of the growing one with its key. It is on disk after the next tick. */
  append(item: Item, key?: string): Spooled<Item> {
    if (key !== undefined) this.#open.delete(key);
    const spooled = { boot: this.boot, sequence: ++this.#sequence, item };
    this.#unwritten.push(spooled);
    return spooled;
  }

  /** Whether what has this id is on disk, or was. A boot that is not known any more has been uploaded whole. */
  isSaved({ boot, sequence }: Pick<Spooled<Item>, 'boot' | 'sequence'>): boolean {
    const saved = boot === this.boot ? this.#savedSequence : this.#savedOfBoot.get(boot);
    return saved === undefined || sequence <= saved;
  }

  /** Replaces what is still growing. */
  checkpoint(growing: Iterable<readonly [key: string, item: Item]>): void {
    const wasEmpty = this.#open.size === 0;
    this.#open.clear();
    for (const [key, item] of growing) this.#open.set(key, item);
    this.#isOpenChanged ||= !wasEmpty || this.#open.size > 0;
  }

  /** Writes by itself every `intervalMs` from now on, until `close`. */
  startTicking(intervalMs: number, onFailure: (error: unknown) => void): void {
    this.#ticker = setInterval(() => void this.tick().catch(onFailure), intervalMs);
  }

  get isFull(): boolean {
    return this.#sizeBytes >= this.#options.sizeBytesMax;
  }

  get waitingCount(): number {
    return this.#waiting.length + this.#unwritten.length;
  }

  /** Writes and syncs what came since. Ticks never overlap. */
  tick(): Promise<void> {
    const next = this.#writing.then(() => this.#write());
    // A failed write is the caller's to hear of; the next tick tries again.
    this.#writing = next.catch(() => {});
    return next;
  }

  /**
   * Writes what came since without waiting, for a process that ends in this moment. What a tick has under way is no part of
   * it.
   */
  tickAtExit(): void {
    if (this.#unwritten.length === 0) return;
    const finished = this.#unwritten.map(({ sequence, item }) => ({ sequence, item }));
    this.#unwritten = [];
    const frame = { finished, open: [...this.#open.values()], acknowledged: this.#acknowledged };
    appendFileSync(this.#fileName, encodeFrame<SpoolFrame<Item>>(frame));
  }

  /** What has to be safe before anything that is appended here is. */
  writeAfter(before: () => Promise<void>): void {
    this.#before = before;
  }

  async #write(): Promise<void> {
    if (this.#unwritten.length > 0) await this.#before();
    const fresh = this.#unwritten;
    if (fresh.length === 0 && !this.#isOpenChanged) return;
    this.#unwritten = [];
    this.#isOpenChanged = false;
    try {
      await this.#writeFrame(fresh);
    } catch (error) {
      this.#unwritten = [...fresh, ...this.#unwritten];
      this.#isOpenChanged = true;
      throw error;
    }
    this.#waiting.push(...fresh);
    this.#savedSequence = fresh.at(-1)?.sequence ?? this.#savedSequence;
    if (this.#sizeBytes > ROTATE_BYTES && this.#waiting.length === 0) await this.#rotate();
  }

  async #writeFrame(fresh: readonly Spooled<Item>[]): Promise<void> {
    const finished = fresh.map(({ sequence, item }) => ({ sequence, item }));
    const bytes = encodeFrame<SpoolFrame<Item>>({
      finished,
      open: [...this.#open.values()],
      acknowledged: this.#acknowledged,
    });
    await this.#file?.appendFile(bytes);
    await this.#file?.datasync();
    this.#sizeBytes += bytes.length;
  }

  /** The oldest items that are on disk and not acknowledged, all of one boot. They stay until `acknowledge`. */
  peek(countMax: number): readonly Spooled<Item>[] {
    const boot = this.#waiting[0]?.boot;
    const end = this.#waiting.findIndex((spooled) => spooled.boot !== boot);
    return this.#waiting.slice(0, Math.min(countMax, end === -1 ? this.#waiting.length : end));
  }

  /** Forgets what `peek` gave, after whoever received it said that it is kept. */
  async acknowledge(items: readonly Spooled<Item>[]): Promise<void> {
    const last = items.at(-1);
    if (last === undefined) return;
    this.#waiting.splice(0, items.length);
    if (last.boot === this.boot) {
      this.#acknowledged = last.sequence;
      // Written with the next frame: until then a crash repeats what was acknowledged, which changes nothing.
      this.#isOpenChanged = true;
    } else if (!this.#waiting.some(({ boot }) => boot === last.boot)) {
      await this.#forget(last.boot);
    }
  }

  async #forget(boot: number): Promise<void> {
    for (const file of this.#oldFiles.get(boot) ?? []) await rm(file, { force: true });
    this.#oldFiles.delete(boot);
  }

  async #startFile(): Promise<void> {
    this.#segment += 1;
    this.#fileName = path.join(this.#options.folder, `${this.boot}-${this.#segment}.spool`);
    this.#file = await open_(this.#fileName);
    this.#sizeBytes = 0;
  }

  /** Everything is acknowledged: a new file that begins with what is open replaces the old one. */
  async #rotate(): Promise<void> {
    const [oldFile, oldName] = [this.#file, this.#fileName];
    await this.#startFile();
    await this.#writeFrame([]);
    await oldFile?.close();
    await rm(oldName, { force: true });
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker);
    await this.tick();
    await this.#file?.close();
    this.#file = undefined;
    if (this.#waiting.length === 0 && this.#open.size === 0) await rm(this.#fileName, { force: true });
  }
}

const open_ = (file: string) => open(file, 'a', 0o600);
const segmentOf = (file: string | undefined) => Number(file?.match(/-(\d+)\.spool$/)?.[1] ?? 0);
const bySegment = (left: string, right: string) => segmentOf(left) - segmentOf(right);
