/** What is said in one breath of one voice. */
export interface SpokenPassage {
  readonly kind: 'speech';
  /** As the engine is given it. */
  readonly text: string;
  /** Characters of the text as it was written, markup left out (TTS). */
  readonly characters: number;
  readonly words: number;
  readonly voice: string;
  readonly manner: Manner;
}

/** How something is said: of the voice's own manner, 1 is as it is. */
export interface Manner {
  /** Words a second. */
  readonly rate: number;
  /** Height of the voice. */
  readonly pitch: number;
  /** Decibels more than without it. */
  readonly volumeDb: number;
}

export interface Pause {
  readonly kind: 'pause';
  readonly milliseconds: number;
}

export type Passage = SpokenPassage | Pause;

export const plainManner: Manner = { rate: 1, pitch: 1, volumeDb: 0 };

export const RATE_MIN = 0.5;
export const RATE_MAX = 2;
export const PITCH_MIN = 0.5;
export const PITCH_MAX = 2;
export const VOLUME_DB_MIN = -40;
export const VOLUME_DB_MAX = 12;

/** Of one text. Each is a run of the engine. */
export const PASSAGE_COUNT_MAX = 1_000;
/** Of one pause, and of all of a text together. */
export const PAUSE_MS_MAX = 10_000;
export const PAUSES_MS_MAX = 300_000;

export const charactersIn = (text: string): number => [...text].length;
export const wordsIn = (text: string): number => text.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)?.length ?? 0;

/** A text without markup, as one passage. */
export function plainPassages(
  text: string,
  spoken: Pick<SpokenPassage, 'voice' | 'manner'>,
): readonly Passage[] {
  const said = text.replace(/\s+/g, ' ').trim();
  if (wordsIn(said) === 0) return [];
  return [{ kind: 'speech', text: said, characters: charactersIn(text), words: wordsIn(said), ...spoken }];
}

const spokenOf = (passages: readonly Passage[]): readonly SpokenPassage[] =>
  passages.filter((passage) => passage.kind === 'speech');

/** Voices of a text, each once, in the order in which they speak. */
export const voicesOf = (passages: readonly Passage[]): readonly string[] => [
  ...new Set(spokenOf(passages).map(({ voice }) => voice)),
];

export const charactersOf = (passages: readonly Passage[]): number =>
  spokenOf(passages).reduce((sum, { characters }) => sum + characters, 0);

export const wordsOf = (passages: readonly Passage[]): number =>
  spokenOf(passages).reduce((sum, { words }) => sum + words, 0);
