import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Then the file moves aside to `.1`, over the one before: a part keeps 20 MB of log at most. */
const logBytesMax = 10_000_000;

/** What one part says, in a file of bounded size. */
export class LogFile {
  readonly #file: string;
  #descriptor: number;
  #sizeBytes: number;

  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a', 0o600);
    this.#sizeBytes = fstatSync(this.#descriptor).size;
  }

  write(chunk: Uint8Array | string): void {
    if (this.#sizeBytes > logBytesMax) {
      closeSync(this.#descriptor);
      if (existsSync(this.#file)) renameSync(this.#file, `${this.#file}.1`);
      this.#descriptor = openSync(this.#file, 'a', 0o600);
      this.#sizeBytes = 0;
    }
    this.#sizeBytes +=
      typeof chunk === 'string' ? writeSync(this.#descriptor, chunk) : writeSync(this.#descriptor, chunk);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
