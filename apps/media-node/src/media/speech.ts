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
/** Why nothing was spoken. */
export interface EngineProblem {
  readonly problem: string;
  /** There is no engine: an operator has to install it. */
  readonly isAbsent: boolean;
}
export type Speak = (said: {
  readonly text: string;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
}) => Promise<Spoken | SpeechFailure>;

/** Flite speaks 12 times as fast as people: a text of the longest kind takes it 20 seconds. */
const SPEECH_MS_MAX = 30_000;
/** Of texts that wait for the engine, which speaks one after the other. */
const WAITING_MAX = 100;

const failed = (why: string): SpeechFailure => ({
  failure: 'verb_unavailable',
  detail: `say cannot be carried out: ${why}`,
});

const problemOf = (problem: string): EngineProblem => ({ problem, isAbsent: false });

interface Asked extends SpeechRequest {
  readonly resolve: (spoken: Spoken | EngineProblem) => void;
}

/** Text to speech by Flite, in a process of its own: it speaks without a pause for anybody else. Started by the first text. */
export class SpeechEngine {
  #child: ChildProcess | undefined;
  readonly #waiting: Asked[] = [];
  #speaking: { readonly asked: Asked; readonly timer: NodeJS.Timeout } | undefined;
  #isStopped = false;

  /** For logic on a call. */
  readonly speak: Speak = async ({ text, voice, language }) => {
    if (language !== undefined && !/^en\b/i.test(language))
      return failed(`the engine speaks English, not ${JSON.stringify(language)}.`);
    const spoken = await this.pronounce({ text, voice });
    return 'problem' in spoken ? failed(spoken.problem) : spoken;
  };

  /** Says a text in a voice of Flite, once the texts before it are said. */
  pronounce(request: SpeechRequest): Promise<Spoken | EngineProblem> {
    if (this.#waiting.length >= WAITING_MAX)
      return Promise.resolve(problemOf('too many texts wait for the engine.'));
    return new Promise((resolve) => {
      this.#waiting.push({ ...request, resolve });
      this.#goOn();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#child?.kill('SIGKILL');
  }

  #goOn(): void {
    if (this.#speaking !== undefined || this.#isStopped) return;
    const asked = this.#waiting.shift();
    if (asked === undefined) return;
    const child = this.#child ?? this.#start();
    this.#child = child;
    const timer = setTimeout(() => {
      // What it does, it would go on doing for all that wait.
      this.#child = undefined;
      child.kill('SIGKILL');
      this.#answer(problemOf('the engine took too long.'));
    }, SPEECH_MS_MAX);
    this.#speaking = { asked, timer };
    const { text, voice, rate, pitch } = asked;
    child.send({ text, voice, rate, pitch } satisfies SpeechRequest);
  }

  #start(): ChildProcess {
    const child = fork(path.join(import.meta.dirname, 'speech-process.ts'), [], {
      serialization: 'advanced',
      // WASI is marked as experimental, and each start would say so.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { NODE_ENV: 'production' },
    });
    child.on('message', ({ wav, problem = 'the engine said nothing.', isAbsent = false }: SpeechAnswer) => {
      if (this.#child !== child) return;
      const read = wav === undefined ? undefined : readWav(wav);
      if (read === undefined) this.#answer({ problem, isAbsent });
      else this.#answer('problem' in read ? problemOf(read.problem) : read);
    });
    const end = () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#answer(problemOf('the engine ended.'));
    };
    child.on('error', end);
    child.on('exit', end);
    return child;
  }

  /** Of the text that is being spoken; then comes the next. */
  #answer(spoken: Spoken | EngineProblem): void {
    const speaking = this.#speaking;
    if (speaking === undefined) return;
    this.#speaking = undefined;
    clearTimeout(speaking.timer);
    speaking.asked.resolve(spoken);
    this.#goOn();
  }
}
