import { z } from 'zod';
import {
  type Manner,
  type Passage,
  PITCH_MAX,
  PITCH_MIN,
  plainPassages,
  RATE_MAX,
  RATE_MIN,
  VOLUME_DB_MAX,
  VOLUME_DB_MIN,
} from './passage.ts';
import { sampleRatesHz, soundFormats } from './sound-format.ts';
import { type MarkupElement, passagesOfSsml } from './ssml.ts';

/** What can be configured at most. */
export const CHARACTERS_MAX = 50_000;
/** Of a document of SSML, markup and all, and of what a reference leads to. */
export const MARKUP_CHARACTERS_MAX = 200_000;
export const URI_LENGTH_MAX = 2_048;

export const mannerShape = {
  /** Of the voice's own: 0.5 is half as fast. */
  rate: z.number().min(RATE_MIN).max(RATE_MAX).default(1),
  pitch: z.number().min(PITCH_MIN).max(PITCH_MAX).default(1),
  /** Decibels. */
  volumeDb: z.number().min(VOLUME_DB_MIN).max(VOLUME_DB_MAX).default(0),
} as const;

/** What is to be spoken and how, as it waits for a node. The text goes with it once it is spoken. */
export const speechOrderSchema = z.object({
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('text'), text: z.string() }),
    z.object({ kind: z.literal('ssml'), text: z.string() }),
    z.object({ kind: z.literal('uri'), uri: z.string() }),
  ]),
  voice: z.string(),
  manner: z.object({ rate: z.number(), pitch: z.number(), volumeDb: z.number() }),
  format: z.enum(soundFormats),
  sampleRateHz: z.literal([...sampleRatesHz]),
  charactersMax: z.int(),
  /** Where the customer's own voices are made. */
  providerUrl: z.string().optional(),
});

export type SpeechOrder = z.output<typeof speechOrderSchema>;

export type ReadMarkup = (text: string) => MarkupElement | undefined;

/**
 * What a text says: passages, or why it cannot be spoken.
 * @param isMarkup it is SSML.
 */
export function passagesOf(
  text: string,
  {
    isMarkup,
    voice,
    manner,
    readMarkup,
  }: {
    readonly isMarkup: boolean;
    readonly voice: string;
    readonly manner: Manner;
    readonly readMarkup: ReadMarkup;
  },
): { readonly passages: readonly Passage[] } | { readonly problem: string } {
  if (!isMarkup) return { passages: plainPassages(text, { voice, manner }) };
  const root = readMarkup(text);
  return root === undefined
    ? { problem: 'It is not XML, or has a document type, an entity or an instruction, which are not read.' }
    : passagesOfSsml(root, { voice, manner });
}

/**
 * What makes two orders sound alike, as one text: what a cache goes by. The version changes whenever the same order begins to
 * sound otherwise.
 */
export function soundKeyText(
  passages: readonly Passage[],
  { format, sampleRateHz, providerUrl }: Pick<SpeechOrder, 'format' | 'sampleRateHz' | 'providerUrl'>,
): string {
  const said = passages.map((passage) =>
    passage.kind === 'pause'
      ? [passage.milliseconds]
      : [passage.voice, passage.text, passage.manner.rate, passage.manner.pitch, passage.manner.volumeDb],
  );
  return JSON.stringify(['speech 1', format, sampleRateHz, providerUrl ?? '', said]);
}
