import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { readWav } from '@patchbay/dsp/wav';
import type { SpeechAnswer, SpeechRequest } from './speech-process.ts';

export interface Spoken {
  readonly rateHz: number;
  readonly samples: Int16Array;
}
export interface SpeechFailure {
  readonly failure: 'verb_unavailable' | 'invalid';
  readonly detail: string;
}
export type Speak = (said: {
  readonly text: string;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
}) => Promise<Spoken | SpeechFailure>;

/** Flite speaks 12 times as fast as people: a text of the longest kind takes it 20 seconds. */
const SPEECH_MS_MAX = 30_000;
/** Of requests that wait for the engine, which speaks one after the other. */
const WAITING_MAX = 100;

const failed = (detail: string): SpeechFailure => ({ failure: 'verb_unavailable', detail });

interface Waiting {
  readonly resolve: (spoken: Spoken | SpeechFailure) => void;
  readonly timer: NodeJS.Timeout;
}

/** Text to speech by Flite, in a process of its own: it speaks without a pause for anybody else. Started by the first text. */
export class SpeechEngine {
  #child: ChildProcess | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  readonly speak: Speak = ({ text, voice, language }) => {
    if (language !== undefined && !/^en\b/i.test(language))
      return Promise.resolve(
        failed(`say cannot be carried out: the engine speaks English, not ${JSON.stringify(language)}.`),
      );
    if (this.#waiting.size >= WAITING_MAX)
      return Promise.resolve(failed('say cannot be carried out: too many texts wait for the engine.'));
    const id = ++this.#count;
    const child = this.#child ?? this.#start();
    this.#child = child;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#answer(id, failed('say cannot be carried out: the engine took too long.'));
        // What it does now, it would go on doing for all that wait.
        child.kill('SIGKILL');
      }, SPEECH_MS_MAX);
      this.#waiting.set(id, { resolve, timer });
      child.send({ id, text, voice } satisfies SpeechRequest);
    });
  };

  stop(): void {
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const child = fork(path.join(import.meta.dirname, 'speech-process.ts'), [], {
      serialization: 'advanced',
      // WASI is marked as experimental, and each start would say so.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    child.on('message', ({ id, wav, problem }: SpeechAnswer) => {
      const read = wav === undefined ? undefined : readWav(wav);
      if (read === undefined) this.#answer(id, failed(`say cannot be carried out: ${problem}`));
      else if ('problem' in read) this.#answer(id, failed(`say cannot be carried out: ${read.problem}`));
      else this.#answer(id, read);
    });
    const end = () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      for (const id of this.#waiting.keys())
        this.#answer(id, failed('say cannot be carried out: the engine ended.'));
    };
    child.on('error', end);
    child.on('exit', end);
    return child;
  }

  #answer(id: number, spoken: Spoken | SpeechFailure): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(spoken);
  }
}
