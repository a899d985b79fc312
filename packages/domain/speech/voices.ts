/** What makes sound of text. 'provider' is the customer's or the operator's own, asked over HTTP. */
export const speechEngines = ['flite', 'espeak-ng', 'provider'] as const;
export type SpeechEngineName = (typeof speechEngines)[number];

export const voiceSexes = ['female', 'male'] as const;
export const voiceAges = ['child', 'adult', 'senior'] as const;
export type VoiceSex = (typeof voiceSexes)[number];
export type VoiceAge = (typeof voiceAges)[number];

export interface Voice {
  /** As requests and SSML name it. */
  readonly name: string;
  readonly engine: SpeechEngineName;
  /** What the engine calls it. */
  readonly engineVoice: string;
  /** BCP 47, such as en-US. */
  readonly language: string;
  readonly sex: VoiceSex;
  readonly age: VoiceAge;
  /** Of its language, such as scottish. */
  readonly accent: string;
}

const american = { language: 'en-US', age: 'adult', accent: 'american', engine: 'flite' } as const;

const fliteVoices: readonly Voice[] = [
  { ...american, name: 'slt', engineVoice: 'slt', sex: 'female' },
  { ...american, name: 'rms', engineVoice: 'rms', sex: 'male' },
  { ...american, name: 'kal16', engineVoice: 'kal16', sex: 'male' },
  { ...american, name: 'kal', engineVoice: 'kal', sex: 'male' },
  { ...american, name: 'awb', engineVoice: 'awb', sex: 'male', language: 'en-GB', accent: 'scottish' },
];

/** Of espeak-ng: its name for a language, ours, and the accent. */
const espeakLanguages = [
  ['en-gb', 'en-GB', 'british'],
  ['en-us', 'en-US', 'american'],
  ['en-gb-scotland', 'en-GB', 'scottish'],
  ['cs', 'cs-CZ', 'czech'],
  ['da', 'da-DK', 'danish'],
  ['de', 'de-DE', 'german'],
  ['el', 'el-GR', 'greek'],
  ['es', 'es-ES', 'castilian'],
  ['es-419', 'es-419', 'latin american'],
  ['fi', 'fi-FI', 'finnish'],
  ['fr-fr', 'fr-FR', 'french'],
  ['fr-be', 'fr-BE', 'belgian'],
  ['hu', 'hu-HU', 'hungarian'],
  ['it', 'it-IT', 'italian'],
  ['nb', 'nb-NO', 'norwegian'],
  ['nl', 'nl-NL', 'dutch'],
  ['pl', 'pl-PL', 'polish'],
  ['pt-br', 'pt-BR', 'brazilian'],
  ['pt', 'pt-PT', 'portuguese'],
  ['ro', 'ro-RO', 'romanian'],
  ['ru', 'ru-RU', 'russian'],
  ['sv', 'sv-SE', 'swedish'],
  ['tr', 'tr-TR', 'turkish'],
  ['uk', 'uk-UA', 'ukrainian'],
] as const;

const espeakVoices: readonly Voice[] = espeakLanguages.flatMap(([engineVoice, language, accent]) => {
  const common = { engine: 'espeak-ng', language, accent, age: 'adult' } as const;
  return [
    { ...common, name: `espeak-${engineVoice}`, engineVoice, sex: 'male' },
    // A variant of the same voice: espeak-ng has no recordings of persons.
    { ...common, name: `espeak-${engineVoice}-female`, engineVoice: `${engineVoice}+f3`, sex: 'female' },
  ];
});

/** All voices that can be named, those that are taken first in front. Whether its engine is installed is the nodes' to say. */
export const voices: readonly Voice[] = [...fliteVoices, ...espeakVoices];

export const DEFAULT_VOICE = 'slt';

/** Names of voices of a customer's own engine begin with this; what follows is the provider's name. */
export const OWN_VOICE_PREFIX = 'own:';
const ownVoice = /^own:([A-Za-z0-9][A-Za-z0-9._-]{0,55})$/;
export const VOICE_NAME_LENGTH_MAX = 60;

/** The voice of a name. Of a name of one's own nothing is known but what the provider calls it. */
export function voiceNamed(name: string): Voice | undefined {
  const known = voices.find((voice) => voice.name === name);
  if (known !== undefined) return known;
  const own = ownVoice.exec(name)?.[1];
  if (own === undefined) return undefined;
  return {
    ...{ name, engine: 'provider', engineVoice: own, language: 'und' },
    ...{ sex: 'female', age: 'adult', accent: '' },
  };
}

/** What a voice is to be like. What is left out does not matter. */
export interface VoiceWish {
  readonly sex?: VoiceSex | undefined;
  readonly age?: VoiceAge | undefined;
  readonly accent?: string | undefined;
  /** A language, or a language with its region: `en` takes en-GB as well. */
  readonly language?: string | undefined;
}

/** The first voice that is all that was wished for. */
export function voiceLike(wish: VoiceWish): Voice | undefined {
  const language = wish.language?.toLowerCase();
  return voices.find(
    (voice) =>
      (wish.sex === undefined || voice.sex === wish.sex) &&
      (wish.age === undefined || voice.age === wish.age) &&
      (wish.accent === undefined || voice.accent === wish.accent.toLowerCase()) &&
      (language === undefined || speaks(voice, language)),
  );
}

/** Whether a voice speaks a language, such as `en` or `en-gb`. */
export function speaks({ language: spoken }: Pick<Voice, 'language'>, language: string): boolean {
  const [own, asked] = [spoken.toLowerCase(), language.toLowerCase()];
  return own === 'und' || own === asked || own.startsWith(`${asked}-`);
}
