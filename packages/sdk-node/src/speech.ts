import {
  type AnsweredFile,
  type CallOptions,
  type IdLike,
  type Operations,
  PatchbayError,
} from '@patchbay/sdk';
import type { TextToSpeechSynthesizeRequest } from './operation-types.generated.ts';
import { pause } from './pause.ts';

export interface SpeakRequest extends Omit<TextToSpeechSynthesizeRequest, 'delivery'> {
  /** Default: that of the client. */
  readonly accountId?: IdLike<'acc'>;
}

export interface SpeechMethods {
  /**
   * Speaks a text and answers its sound: `pb.textToSpeech.speak('Hello.')` is a WAVE file, as a stream or whole. It waits until
   * it is spoken, however long that takes: end it with a signal. Rejects as `synthesize` does.
   */
  speak(request: string | SpeakRequest, options?: CallOptions): Promise<AnsweredFile>;
}

/** Between two looks at a text that takes longer than a request. */
const LOOK_MS = 1_000;

/** The generated methods, and one that waits for the sound. */
export function withSpeaking(
  generated: Operations['textToSpeech'],
): Operations['textToSpeech'] & SpeechMethods {
  return {
    ...generated,
    async speak(said, options = {}) {
      const { accountId, ...request } = typeof said === 'string' ? { text: said } : said;
      const of = accountId === undefined ? [] : [accountId];
      const call = <Answer>(method: keyof Operations['textToSpeech'], asked: object, given: CallOptions) =>
        // Each of them takes the account first, or leaves it to the key: no overload says so of all.
        (generated[method] as (...parameters: readonly unknown[]) => Promise<Answer>)(...of, asked, given);
      type Speech = Awaited<ReturnType<Operations['textToSpeech']['getSpeech']>>;
      let speech = await call<Speech>('synthesize', request, options);
      const looking = options.signal === undefined ? {} : { signal: options.signal };
      while (speech.state === 'queued' || speech.state === 'running') {
        await pause(LOOK_MS, options.signal);
        speech = await call<Speech>('getSpeech', { speechId: speech.id }, looking);
      }
      const { failure } = speech;
      if (failure !== undefined)
        throw new PatchbayError({ code: failure.code as PatchbayError['code'], message: failure.detail });
      return await call<AnsweredFile>('audio', { speechId: speech.id }, looking);
    },
  };
}
