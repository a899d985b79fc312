import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Spool, Spooled } from '@patchbay/adapters/spool/spool';
import { decodeFrames, encodeFrame } from '@patchbay/adapters/spool/spool-frame';
import {
  foldState,
  type SavedState,
  type StateChange,
  StateFencedError,
  type StateStore,
} from '../signaling/saved-state.ts';

/** At most so long what was written waits to be safe from a loss of power. A killed process loses nothing of it. */
export const STATE_SYNC_MS = 500;
/** A journal grows by this much, or to some times what was live when it began, before it begins anew. */
const GROWTH_BYTES_MAX = 4 * 1024 * 1024;
const GROWTH_FACTOR_MAX = 4;
const CHANGES_PER_FRAME_MAX = 200;
/** How often a disk that takes nothing is tried again. */
const RETRY_MS = 500;

/** An item of a spool, which may not be on its disk yet. */
interface InSpool {
  readonly spool: string;
  readonly spooled: Spooled<unknown>;
}

interface JournalFrame {
  readonly lineage: string;
  readonly atMs: number;
  readonly changes: readonly StateChange[];
  readonly spooled: readonly InSpool[];
  /** The frames so far hold all of the state: what an earlier file says is superseded. */
  readonly isComplete?: true;
}

export interface StateJournalOptions {
  readonly folder: string;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs?: () => number;
}

/**
 * The live state of signaling in a file of its own: each change is written before anybody is told of it, so a killed
 * process leaves behind at least what the world knows. A file belongs to one process. Whoever opens the folder next
 * begins another and removes the ones before, which fences their owner should it still live.
 *
 * A state that moves between machines is the same `StateStore` with the control plane behind it and an epoch in place of
 * the file.
 */
export class StateJournal implements StateStore {
  readonly saved: SavedState;
  readonly #options: StateJournalOptions;
  readonly #spools = new Map<string, Spool<unknown>>();
  readonly #recovered: readonly InSpool[];
  #number: number;
  #superseded: readonly string[];
  #file: { readonly descriptor: number; readonly name: string } | undefined;
  #inSpools: InSpool[] = [];
  #unwritten: InSpool[] = [];
  #sizeBytes = 0;
  #sizeBytesMax = 0;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #isUnsynced = false;
  #syncing: Promise<void> | undefined;
  readonly #syncer: NodeJS.Timeout;

  private constructor(
    options: StateJournalOptions,
    { number, files, frames }: { number: number; files: readonly string[]; frames: readonly JournalFrame[] },
  ) {
    this.#options = options;
    this.#number = number;
    this.#superseded = files;
    const lineage = frames[0]?.lineage ?? randomBytes(9).toString('base64url');
    this.saved = foldState(lineage, frames);
    this.#recovered = frames.flatMap(({ spooled }) => spooled);
    this.#syncer = setInterval(() => void this.#sync(), STATE_SYNC_MS).unref();
  }

  static open(options: StateJournalOptions): StateJournal {
    const { folder } = options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = readdirSync(folder)
      .flatMap((name) => {
        const number = /^(\d+)\.state$/.exec(name)?.[1];
        return number === undefined ? [] : [{ number: Number(number), file: path.join(folder, name) }];
      })
      .sort((one, other) => other.number - one.number);
    const frames = found.map(({ file }) => framesOf(file)).find((read) => read.some(isComplete)) ?? [];
    const files = found.map(({ file }) => file);
    return new StateJournal(options, { number: (found[0]?.number ?? 0) + 1, files, frames });
  }

  /** To be called for each spool that `noteSpooled` names: what the last owner put into it and it never wrote is put again. */
  recoverSpool<Item>(name: string, spool: Spool<Item>): void {
    this.#spools.set(name, spool as Spool<unknown>);
    // Else, after a loss of power, what it counted would be counted again from a state of before.
    spool.writeAfter(() => this.sync());
    for (const { spooled } of this.#recovered.filter((each) => each.spool === name)) {
      if (!spool.isSaved(spooled)) this.noteSpooled(name, spool.append(spooled.item as Item));
    }
  }

  /** Kept with the next change until the spool has it on its disk. */
  noteSpooled(spool: string, spooled: Spooled<unknown>): void {
    this.#unwritten.push({ spool, spooled });
  }

  save(changes: readonly StateChange[], { nowMs, all }: Parameters<StateStore['save']>[1]): void {
    if (this.#file === undefined) {
      if (nowMs - this.#failedAtMs >= RETRY_MS) this.#begin(all(), nowMs);
      return;
    }
    if (changes.length === 0 && this.#unwritten.length === 0) return;
    if (fstatSync(this.#file.descriptor).nlink === 0) throw new StateFencedError();
    try {
      this.#write([...changes], nowMs);
      if (this.#sizeBytes > this.#sizeBytesMax) this.#begin(all(), nowMs);
      // Who is there and which sessions live is not left to the next turn of the clock.
      else if (changes.some(({ kind }) => kind !== 'frame')) void this.#sync();
    } catch (error) {
      this.#fail(error, nowMs);
    }
  }

  /** Nothing is live any more: the next owner begins with nothing. */
  async close(): Promise<void> {
    clearInterval(this.#syncer);
    await this.#syncing;
    this.#drop();
  }

  /** Resolves when what was written so far is safe from a loss of power, or cannot be made so. */
  async sync(): Promise<void> {
    await this.#syncing;
    await this.#sync();
  }

  /** A new file with all that is live. Those before go once it is safe. */
  #begin(all: Iterable<StateChange>, nowMs: number): void {
    const former = this.#file;
    const name = path.join(this.#options.folder, `${this.#number++}.state`);
    try {
      this.#file = { descriptor: openSync(name, 'ax', 0o600), name };
      this.#sizeBytes = 0;
      this.#unwritten = [...this.#inSpools, ...this.#unwritten].filter(
        ({ spool, spooled }) => !this.#isSaved(spool, spooled),
      );
      this.#inSpools = [];
      let part: StateChange[] = [];
      for (const change of all) {
        part.push(change);
        if (part.length < CHANGES_PER_FRAME_MAX) continue;
        this.#write(part, nowMs);
        part = [];
      }
      this.#write(part, nowMs, true);
      fsyncSync(this.#file.descriptor);
    } catch (error) {
      if (former !== undefined) this.#closeLater(former.descriptor, former.name);
      this.#fail(error, nowMs);
      return;
    }
    this.#sizeBytesMax = Math.max(GROWTH_BYTES_MAX, GROWTH_FACTOR_MAX * this.#sizeBytes);
    for (const file of this.#superseded) rmSync(file, { force: true });
    this.#superseded = [];
    if (former !== undefined) this.#closeLater(former.descriptor, former.name);
  }

  #write(changes: readonly StateChange[], atMs: number, isLast = false): void {
    if (this.#file === undefined) return;
    const spooled = this.#unwritten;
    const frame: JournalFrame = {
      lineage: this.saved.lineage,
      atMs,
      changes,
      spooled,
      ...(isLast ? { isComplete: true } : {}),
    };
    const bytes = encodeFrame(frame);
    // What is cut off here would hide all that follows.
    if (writeSync(this.#file.descriptor, bytes) < bytes.length) throw new Error('The disk is full.');
    this.#sizeBytes += bytes.length;
    this.#inSpools.push(...spooled);
    this.#unwritten = [];
    this.#isUnsynced = true;
  }

  #isSaved(spool: string, spooled: Spooled<unknown>): boolean {
    return this.#spools.get(spool)?.isSaved(spooled) ?? true;
  }

  /** A state that is not kept up to date must not be taken up: calls go on without one until the disk takes it again. */
  #fail(error: unknown, nowMs: number): void {
    this.#failedAtMs = nowMs;
    this.#options.onFailure(error, 'The live state cannot be written: it would not outlive this process.');
    this.#drop();
  }

  #drop(): void {
    if (this.#file === undefined) return;
    this.#closeLater(this.#file.descriptor, this.#file.name);
    this.#file = undefined;
  }

  /** Removed at once; closed when nobody is writing it down any more. */
  #closeLater(descriptor: number, name: string): void {
    rmSync(name, { force: true });
    void (this.#syncing ?? Promise.resolve()).then(() => closeSync(descriptor));
  }

  #sync(): Promise<void> {
    const file = this.#file;
    if (file === undefined || !this.#isUnsynced || this.#syncing !== undefined) return Promise.resolve();
    this.#isUnsynced = false;
    this.#syncing = new Promise<void>((resolve) => {
      fdatasync(file.descriptor, (error) => {
        this.#syncing = undefined;
        if (error !== null)
          this.#options.onFailure(error, 'The live state is not safe from a loss of power.');
        resolve();
      });
    });
    return this.#syncing;
  }
}

function framesOf(file: string): readonly JournalFrame[] {
  return [...decodeFrames<JournalFrame>(readFileSync(file))];
}

const isComplete = ({ isComplete: is }: JournalFrame) => is === true;
