/**
 * Loaded before a program, with `--import …/set-clock.ts?file=…`: its `Date` is ahead by the milliseconds that the file says,
 * so that a test can let a month end. What the program waits for takes as long as ever.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 50;

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const read = () => Number(readFileSync(file, 'utf8'));
const TrueDate = Date;
let aheadMs = read();
setInterval(() => {
  try {
    aheadMs = read();
  } catch {
    // The test is over, and has removed it.
  }
}, LOOK_MS).unref();

const nowMs = () => TrueDate.now() + aheadMs;
globalThis.Date = new Proxy(TrueDate, {
  construct: (date, given, made) => Reflect.construct(date, given.length === 0 ? [nowMs()] : given, made),
  apply: () => new TrueDate(nowMs()).toString(),
  get: (date, name, of) => (name === 'now' ? nowMs : Reflect.get(date, name, of)),
});
