import type { ReadMarkup, SpeechOrder } from '@patchbay/domain/speech/speech-order';
import type { SpeechRecord } from '@patchbay/domain/speech/speech-record';
import type { Entity } from '@patchbay/kit/definition';
import type { SignedLink } from '@patchbay/kit/signed-link';

export interface AskedSpeech {
  readonly entity: Entity;
  readonly order: SpeechOrder;
  /** Of what is known before it is spoken. */
  readonly known: Pick<SpeechRecord, 'delivery' | 'voices' | 'characters' | 'words'>;
  /** At a time, of the account. */
  readonly concurrentMax: number;
  /** Whose nodes may speak it. Absent: those of all regions. */
  readonly regions?: readonly string[] | undefined;
}

interface OneSpeech {
  readonly accountId: string;
  readonly speechId: string;
}

/** What text to speech needs from the world. All of it is of the account that is named. */
export interface TextToSpeechPorts {
  readonly speech: {
    /** Gives a text to the nodes. 'too_many': as many wait as may. */
    ask(asked: AskedSpeech): Promise<SpeechRecord | 'too_many'>;
    /** How it stands once it is over, or after a time, or when nobody waits any more. Undefined: it was removed. */
    settled(speech: OneSpeech & { readonly signal: AbortSignal }): Promise<SpeechRecord | undefined>;
    find(speech: OneSpeech): Promise<SpeechRecord | undefined>;
    list(page: {
      readonly accountId: string;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly SpeechRecord[]; readonly nextCursor?: string }>;
    /** As it stood. Undefined: there is none. */
    remove(speech: OneSpeech): Promise<SpeechRecord | undefined>;
  };
  readonly markup: {
    /** The root of XML; undefined for what is none, or has more in it than elements, attributes and text. */
    read: ReadMarkup;
  };
  readonly links: {
    /** Signs the path at which a file is read without a key. */
    pathOf(file: SignedLink): string;
    /** The address of a path, at the host that a request came to. */
    urlOf(path: string, baseUrl: string | undefined): string;
  };
}
