import {
  charactersIn,
  type Manner,
  PASSAGE_COUNT_MAX,
  PAUSE_MS_MAX,
  PAUSES_MS_MAX,
  type Passage,
  PITCH_MAX,
  PITCH_MIN,
  RATE_MAX,
  RATE_MIN,
  VOLUME_DB_MAX,
  VOLUME_DB_MIN,
  wordsIn,
} from './passage.ts';
import { interpretations, isInterpretation, sayAs } from './say-as.ts';
import { speaks, voiceAges, voiceLike, voiceNamed, voiceSexes } from './voices.ts';

/** An element as a parser of XML read it: what stands in it in the order of the document, entities resolved. */
export interface MarkupElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly (MarkupElement | string)[];
}

/** Elements in each other. */
export const SSML_DEPTH_MAX = 16;

interface Said {
  readonly voice: string;
  readonly manner: Manner;
}

class Refusal extends Error {}

/** Where an element stands, as refusals name it. */
interface Place {
  readonly at: string;
  readonly depth: number;
}

type Reader = (element: MarkupElement, said: Said, place: Place) => readonly Passage[];

/** By element: which attributes it may have, and what it says. What is not here is refused by its name. */
const readers: Readonly<Record<string, { readonly attributes: readonly string[]; readonly read: Reader }>> = {
  p: { attributes: ['xml:lang'], read: withPause(400) },
  s: { attributes: ['xml:lang'], read: withPause(200) },
  break: { attributes: ['time', 'strength'], read: readBreak },
  prosody: { attributes: ['rate', 'pitch', 'volume'], read: readProsody },
  emphasis: { attributes: ['level'], read: readEmphasis },
  'say-as': { attributes: ['interpret-as', 'format'], read: readSayAs },
  sub: { attributes: ['alias'], read: readSub },
  voice: {
    attributes: ['name', 'gender', 'age', 'accent', 'language', 'languages', 'xml:lang'],
    read: readVoice,
  },
};

const rootAttributes = ['version', 'xmlns', 'xml:lang', 'xmlns:xsi', 'xsi:schemaLocation'];

/**
 * What a document of SSML says (W3C SSML 1.1), or the first thing in it that is not carried out: by its name, so that nobody
 * hears less than they wrote.
 */
export function passagesOfSsml(
  root: MarkupElement,
  said: Said,
): { passages: readonly Passage[] } | { problem: string } {
  try {
    if (root.name !== 'speak') throw new Refusal('/: The document is a speak element.');
    refuseAttributes(root, rootAttributes, '/speak');
    refuseLanguage(root, said, '/speak');
    const passages = joined(contentOf(root, said, { at: '/speak', depth: 1 }));
    if (passages.length > PASSAGE_COUNT_MAX)
      throw new Refusal(`/speak: It has ${passages.length} passages; ${PASSAGE_COUNT_MAX} are spoken.`);
    const pausesMs = passages.reduce((sum, each) => sum + (each.kind === 'pause' ? each.milliseconds : 0), 0);
    if (pausesMs > PAUSES_MS_MAX)
      throw new Refusal(
        `/speak: Its pauses last ${pausesMs} ms together; at most ${PAUSES_MS_MAX} are made.`,
      );
    return { passages };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.message };
    throw error;
  }
}

function contentOf({ content }: MarkupElement, said: Said, { at, depth }: Place): readonly Passage[] {
  if (depth > SSML_DEPTH_MAX)
    throw new Refusal(`${at}: Elements stand at most ${SSML_DEPTH_MAX} deep in each other.`);
  return content.flatMap((part, index) => {
    if (typeof part === 'string') return spoken(part, part, said);
    const place = { at: `${at}/${part.name}[${index}]`, depth: depth + 1 };
    const reader = Object.hasOwn(readers, part.name) ? readers[part.name] : undefined;
    if (reader === undefined)
      throw new Refusal(
        `${place.at}: ${part.name} is not carried out. There are: speak, ${Object.keys(readers).join(', ')}.`,
      );
    refuseAttributes(part, reader.attributes, place.at);
    return reader.read(part, said, place);
  });
}

function refuseAttributes({ attributes }: MarkupElement, known: readonly string[], at: string): void {
  const other = Object.keys(attributes).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new Refusal(`${at}: the attribute ${other} is not carried out. There are: ${known.join(', ')}.`);
}

function refuseLanguage({ attributes }: MarkupElement, { voice }: Said, at: string): void {
  const { 'xml:lang': language } = attributes;
  const known = voiceNamed(voice);
  if (
    language !== undefined &&
    known !== undefined &&
    !speaks(known, language) &&
    !speaks({ language }, known.language.slice(0, 2))
  )
    throw new Refusal(
      `${at}: the voice ${voice} speaks ${known.language}, not ${language}: choose another with voice.`,
    );
}

function spoken(text: string, written: string, said: Said): readonly Passage[] {
  const clean = text.replace(/\s+/g, ' ').trim();
  const words = wordsIn(clean);
  return clean === '' || words === 0
    ? []
    : [{ kind: 'speech', text: clean, characters: charactersIn(written.trim()), words, ...said }];
}

function withPause(milliseconds: number): Reader {
  return (element, said, place) => {
    refuseLanguage(element, said, place.at);
    const passages = contentOf(element, said, place);
    return passages.length === 0 ? [] : [...passages, { kind: 'pause', milliseconds }];
  };
}

const strengths: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 100,
  weak: 200,
  medium: 400,
  strong: 700,
  'x-strong': 1_200,
};

function readBreak(
  { attributes: { time, strength }, content }: MarkupElement,
  _said: Said,
  { at }: Place,
): readonly Passage[] {
  if (content.some((part) => typeof part !== 'string' || part.trim() !== ''))
    throw new Refusal(`${at}: a break is empty.`);
  const milliseconds =
    time === undefined
      ? chosen(strengths, { value: strength ?? 'medium', name: 'strength', at })
      : timeMs(time, at);
  if (milliseconds > PAUSE_MS_MAX)
    throw new Refusal(`${at}: a break lasts ${PAUSE_MS_MAX} ms at most, not ${milliseconds}.`);
  return milliseconds === 0 ? [] : [{ kind: 'pause', milliseconds }];
}

function timeMs(text: string, at: string): number {
  const [, value, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(text.trim()) ?? [];
  if (value === undefined)
    throw new Refusal(`${at}: time is such as 500ms or 1.5s, not ${JSON.stringify(text.slice(0, 40))}.`);
  return Math.round(Number(value) * (unit === 's' ? 1_000 : 1));
}

interface Choice {
  readonly value: string;
  readonly name: string;
  readonly at: string;
}

function chosen(values: Readonly<Record<string, number>>, { value, name, at }: Choice): number {
  const found = Object.hasOwn(values, value) ? values[value] : undefined;
  if (found === undefined)
    throw new Refusal(
      `${at}: ${name} is one of ${Object.keys(values).join(', ')}, not ${JSON.stringify(value.slice(0, 40))}.`,
    );
  return found;
}

const rates = { 'x-slow': 0.5, slow: 0.75, medium: 1, default: 1, fast: 1.5, 'x-fast': 2 };
const pitches = { 'x-low': 0.6, low: 0.8, medium: 1, default: 1, high: 1.25, 'x-high': 1.6 };
const volumes = { silent: -40, 'x-soft': -12, soft: -6, medium: 0, default: 0, loud: 4, 'x-loud': 8 };

function readProsody(element: MarkupElement, said: Said, place: Place): readonly Passage[] {
  const { at } = place;
  const { rate, pitch, volume } = element.attributes;
  const { manner } = said;
  return contentOf(
    element,
    {
      ...said,
      manner: {
        rate: bounded(
          manner.rate * (rate === undefined ? 1 : factor(rate, { values: rates, name: 'rate', at })),
          [RATE_MIN, RATE_MAX],
        ),
        pitch: bounded(
          manner.pitch * (pitch === undefined ? 1 : factor(pitch, { values: pitches, name: 'pitch', at })),
          [PITCH_MIN, PITCH_MAX],
        ),
        volumeDb: bounded(manner.volumeDb + (volume === undefined ? 0 : decibels(volume, at)), [
          VOLUME_DB_MIN,
          VOLUME_DB_MAX,
        ]),
      },
    },
    place,
  );
}

const bounded = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, Math.round(value * 1_000) / 1_000));

/** A word, 120%, +20%, or of pitch so many semitones, +2st. */
function factor(
  text: string,
  {
    values,
    name,
    at,
  }: { readonly values: Readonly<Record<string, number>>; readonly name: string; readonly at: string },
): number {
  const [, sign, share] = /^([+-]?)(\d{1,3}(?:\.\d{1,2})?)%$/.exec(text) ?? [];
  if (share !== undefined) return sign === '' ? Number(share) / 100 : 1 + Number(`${sign}${share}`) / 100;
  const [, semitones] = /^([+-]\d{1,2}(?:\.\d{1,2})?)st$/.exec(text) ?? [];
  if (semitones !== undefined && name === 'pitch') return 2 ** (Number(semitones) / 12);
  return chosen(values, { value: text, name, at });
}

function decibels(text: string, at: string): number {
  const [, value] = /^([+-]\d{1,2}(?:\.\d{1,2})?)dB$/.exec(text) ?? [];
  return value === undefined ? chosen(volumes, { value: text, name: 'volume', at }) : Number(value);
}

const emphases: Readonly<Record<string, Manner>> = {
  strong: { rate: 0.85, pitch: 1.08, volumeDb: 3 },
  moderate: { rate: 0.93, pitch: 1.04, volumeDb: 1.5 },
  none: { rate: 1, pitch: 1, volumeDb: 0 },
  reduced: { rate: 1.1, pitch: 0.97, volumeDb: -3 },
};

function readEmphasis(element: MarkupElement, said: Said, place: Place): readonly Passage[] {
  const { at } = place;
  const { level = 'moderate' } = element.attributes;
  const emphasis = Object.hasOwn(emphases, level) ? emphases[level] : undefined;
  if (emphasis === undefined)
    throw new Refusal(
      `${at}: level is one of ${Object.keys(emphases).join(', ')}, not ${JSON.stringify(level.slice(0, 40))}.`,
    );
  const { manner } = said;
  return contentOf(
    element,
    {
      ...said,
      manner: {
        rate: bounded(manner.rate * emphasis.rate, [RATE_MIN, RATE_MAX]),
        pitch: bounded(manner.pitch * emphasis.pitch, [PITCH_MIN, PITCH_MAX]),
        volumeDb: bounded(manner.volumeDb + emphasis.volumeDb, [VOLUME_DB_MIN, VOLUME_DB_MAX]),
      },
    },
    place,
  );
}

/** What stands in an element that has text and nothing else. */
function textIn({ name, content }: MarkupElement, at: string): string {
  const texts = content.map((part) => {
    if (typeof part !== 'string') throw new Refusal(`${at}: ${name} has text in it, and no ${part.name}.`);
    return part;
  });
  return texts.join('');
}

function readSayAs(element: MarkupElement, said: Said, { at }: Place): readonly Passage[] {
  const { 'interpret-as': as = '', format } = element.attributes;
  if (!isInterpretation(as))
    throw new Refusal(
      `${at}: interpret-as is one of ${interpretations.join(', ')}, not ${JSON.stringify(as.slice(0, 40))}.`,
    );
  const voice = voiceNamed(said.voice);
  if (voice !== undefined && !speaks(voice, 'en'))
    throw new Refusal(
      `${at}: say-as puts it in English words, and the voice ${said.voice} speaks ${voice.language}.`,
    );
  const written = textIn(element, at);
  const words = sayAs(written, as, format);
  if (words === undefined)
    throw new Refusal(
      `${at}: ${JSON.stringify(written.trim().slice(0, 40))} is no ${as}${format === undefined ? '' : ` of the format ${format}`}.`,
    );
  return spoken(words, written, said);
}

function readSub(element: MarkupElement, said: Said, { at }: Place): readonly Passage[] {
  const { alias } = element.attributes;
  if (alias === undefined) throw new Refusal(`${at}: sub has an alias.`);
  textIn(element, at);
  return spoken(alias, alias, said);
}

function readVoice(element: MarkupElement, said: Said, place: Place): readonly Passage[] {
  const { at } = place;
  const { name, gender, age, accent, 'xml:lang': ofXml, language: own, languages } = element.attributes;
  const sex = voiceSexes.find((each) => each === gender);
  if (gender !== undefined && sex === undefined)
    throw new Refusal(`${at}: gender is one of ${voiceSexes.join(', ')}.`);
  const years = ageOf(age, at);
  const wish = { sex, age: years, accent, language: ofXml ?? own ?? languages };
  const voice = name === undefined ? voiceLike(wish) : voiceNamed(name);
  if (voice === undefined)
    throw new Refusal(
      `${at}: there is no voice ${name === undefined ? `like ${JSON.stringify(element.attributes)}` : JSON.stringify(name.slice(0, 60))}.`,
    );
  return contentOf(element, { ...said, voice: voice.name }, place);
}

/** In years (SSML 1.1 §3.2.1), or in our words. */
function ageOf(age: string | undefined, at: string) {
  if (age === undefined) return undefined;
  const word = voiceAges.find((each) => each === age);
  if (word !== undefined) return word;
  if (!/^\d{1,3}$/.test(age)) throw new Refusal(`${at}: age is in years, or one of ${voiceAges.join(', ')}.`);
  return Number(age) < 14 ? 'child' : Number(age) < 65 ? 'adult' : 'senior';
}

/** Neighbours of one voice and manner are said in one breath: an engine knows how a sentence goes on. */
function joined(passages: readonly Passage[]): readonly Passage[] {
  const found: Passage[] = [];
  for (const passage of passages) {
    const last = found.at(-1);
    if (last?.kind === 'pause' && passage.kind === 'pause') {
      found[found.length - 1] = { kind: 'pause', milliseconds: last.milliseconds + passage.milliseconds };
    } else if (last?.kind === 'speech' && passage.kind === 'speech' && isAlike(last, passage)) {
      found[found.length - 1] = {
        ...last,
        text: `${last.text} ${passage.text}`,
        characters: last.characters + passage.characters,
        words: last.words + passage.words,
      };
    } else found.push(passage);
  }
  return found;
}

const isAlike = (one: Said, other: Said): boolean =>
  one.voice === other.voice &&
  one.manner.rate === other.manner.rate &&
  one.manner.pitch === other.manner.pitch &&
  one.manner.volumeDb === other.manner.volumeDb;
