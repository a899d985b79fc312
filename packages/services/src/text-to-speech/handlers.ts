import { charactersOf, voicesOf, wordsOf } from '@patchbay/domain/speech/passage';
import { rateRefusal, soundFormatFacts } from '@patchbay/domain/speech/sound-format';
import { passagesOf, type SpeechOrder } from '@patchbay/domain/speech/speech-order';
import type { SpeechRecord } from '@patchbay/domain/speech/speech-record';
import { speaks, type Voice, voiceLike, voiceNamed, voices } from '@patchbay/domain/speech/voices';
import { OBJECT_LINK_LIFETIME_MS } from '@patchbay/domain/stored-media/object-link';
import { type Handlers, prepared, type ServiceContext } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import type { textToSpeech } from './definition.ts';
import type { AskedSpeech, TextToSpeechPorts } from './ports.ts';

type Definition = typeof textToSpeech;
type Synthesizing = ServiceContext<Definition, 'synthesize'>;
type Request = z.output<Definition['operations']['synthesize']['request']>;
type Answer = z.output<Definition['operations']['synthesize']['response']>;

const WAITING_RETRY_MS = 5_000;

export const handlers: Handlers<Definition, TextToSpeechPorts> = {
  synthesize: prepared(async (context, request, ports) => {
    const asked = askedOf(context, request, ports);
    // It is asked for in the transaction that keeps the answer: a repeat with the same key finds it.
    if (request.delivery === 'async')
      return async () => toAnswer(await ask(context, asked, ports), context, ports);
    const { id: speechId } = await ask(context, asked, ports);
    const { accountId } = context.entity;
    const settled = await ports.speech.settled({ accountId, speechId, signal: context.signal });
    return async () => {
      if (settled === undefined)
        throw context.error('text-to-speech.failed', 'It was removed while it waited.');
      if (settled.failure !== undefined)
        throw context.error(`text-to-speech.${settled.failure.reason}`, settled.failure.detail);
      return toAnswer(settled, context, ports);
    };
  }),

  async listSpeech(context, page, ports) {
    const { items, ...rest } = await ports.speech.list({ accountId: context.entity.accountId, ...page });
    return { ...rest, items: items.map((record) => toAnswer(record, context, ports)) };
  },

  async getSpeech(context, { speechId }, ports) {
    const found = await ports.speech.find({ accountId: context.entity.accountId, speechId });
    if (found === undefined) throw noSpeech(context, speechId);
    return toAnswer(found, context, ports);
  },

  async removeSpeech(context, { speechId }, ports) {
    const removed = await ports.speech.remove({ accountId: context.entity.accountId, speechId });
    if (removed === undefined) throw noSpeech(context, speechId);
    const { state, format, characters } = removed;
    context.audit({ target: speechId, before: { state, format, characters } });
    return { id: speechId };
  },

  async listVoices(_context, { cursor, limit, ...wish }) {
    const all = voices.filter((voice) => isLike(voice, wish));
    const first = cursor === undefined ? 0 : all.findIndex(({ name }) => name === cursor) + 1;
    const items = all.slice(first, first + limit);
    const last = items.at(-1);
    return {
      items: items.map(({ name, engine, language, sex, age, accent }) => ({
        name,
        engine,
        language,
        sex,
        age,
        accent,
      })),
      ...(last !== undefined && first + limit < all.length ? { nextCursor: last.name } : {}),
    };
  },
};

const isLike = (
  voice: Voice,
  { sex, age, accent, language }: Pick<Request, 'sex' | 'age' | 'accent' | 'language'>,
) =>
  (sex === undefined || voice.sex === sex) &&
  (age === undefined || voice.age === age) &&
  (accent === undefined || voice.accent === accent.toLowerCase()) &&
  (language === undefined || speaks(voice, language));

async function ask(
  context: Synthesizing,
  asked: AskedSpeech,
  { speech }: TextToSpeechPorts,
): Promise<SpeechRecord> {
  const record = await speech.ask(asked);
  if (record !== 'too_many') return record;
  const refused = context.error(
    'text-to-speech.too_many_waiting',
    'As many texts of this account wait as may.',
  );
  throw new ServiceError({ ...refused.fields, retryAfterMs: WAITING_RETRY_MS });
}

/** What is wrong with a text is said at once, before anything waits for it; of a reference it is said once it is fetched. */
function askedOf(context: Synthesizing, request: Request, ports: TextToSpeechPorts): AskedSpeech {
  const { entity, config, regions } = context;
  const order = orderOf(context, request);
  const { delivery } = request;
  const { concurrentMax } = config;
  const common = { entity, order, concurrentMax, regions };
  const { source } = order;
  if (source.kind === 'uri') return { ...common, known: { delivery, voices: [], characters: 0, words: 0 } };
  const { voice, manner, charactersMax, providerUrl } = order;
  const isMarkup = source.kind === 'ssml';
  const read = passagesOf(source.text, { isMarkup, voice, manner, readMarkup: ports.markup.read });
  if ('problem' in read) throw context.error('text-to-speech.text_invalid', read.problem);
  const { passages } = read;
  const [named, characters] = [voicesOf(passages), charactersOf(passages)];
  if (named.length === 0) throw context.error('text-to-speech.text_invalid', 'There is no word in it.');
  if (characters > charactersMax)
    throw context.error(
      'text-to-speech.text_too_long',
      `At most ${charactersMax} characters are spoken at once here, not ${characters}.`,
    );
  for (const name of named) refuseVoice(context, voiceNamed(name), { name, providerUrl });
  return { ...common, known: { delivery, voices: named, characters, words: wordsOf(passages) } };
}

function orderOf(context: Synthesizing, request: Request): SpeechOrder {
  const { charactersMax, providerUrl } = context.config;
  const { format, rate, pitch, volumeDb } = request;
  const { sampleRateHz = soundFormatFacts(format).defaultRateHz } = request;
  const refusal = rateRefusal(format, sampleRateHz);
  if (refusal !== undefined) throw context.error('text-to-speech.format_invalid', refusal);
  return {
    source: sourceOf(context, request),
    voice: voiceFor(context, request).name,
    manner: { rate, pitch, volumeDb },
    format,
    sampleRateHz,
    charactersMax,
    ...(providerUrl === undefined ? {} : { providerUrl }),
  };
}

function sourceOf(context: Synthesizing, { text, ssml, textUri }: Request): SpeechOrder['source'] {
  const sources: SpeechOrder['source'][] = [
    ...(text === undefined ? [] : [{ kind: 'text' as const, text }]),
    ...(ssml === undefined ? [] : [{ kind: 'ssml' as const, text: ssml }]),
    ...(textUri === undefined ? [] : [{ kind: 'uri' as const, uri: textUri }]),
  ];
  const [source, other] = sources;
  if (source === undefined || other !== undefined)
    throw context.error('request.invalid', 'What is spoken is text, ssml or textUri: one of them.');
  return source;
}

function voiceFor(context: Synthesizing, { voice: named, sex, age, accent, language }: Request): Voice {
  const { voice: configured, providerUrl } = context.config;
  const isWished = [sex, age, accent, language].some((each) => each !== undefined);
  if (named !== undefined && isWished)
    throw context.error(
      'request.invalid',
      'A voice is chosen by its name, or by what it is like: not by both.',
    );
  const name = named ?? configured;
  const voice = isWished ? voiceLike({ sex, age, accent, language }) : voiceNamed(name);
  return refuseVoice(context, voice, {
    name: isWished ? JSON.stringify({ sex, age, accent, language }) : name,
    providerUrl,
  });
}

function refuseVoice(
  context: Synthesizing,
  voice: Voice | undefined,
  { name, providerUrl }: { readonly name: string; readonly providerUrl: string | undefined },
): Voice {
  if (voice === undefined) throw context.error('text-to-speech.voice_unknown', `There is no voice ${name}.`);
  if (voice.engine === 'provider' && providerUrl === undefined)
    throw context.error(
      'text-to-speech.voice_unknown',
      `${name} is a voice of your own, and providerUrl is not set: nobody is there to make it.`,
    );
  return voice;
}

function noSpeech(context: Pick<ServiceContext<Definition, 'getSpeech'>, 'error'>, speechId: string) {
  return context.error('resource.unknown', `This account has no speech ${speechId}.`);
}

function toAnswer(
  record: SpeechRecord,
  { nowMs, baseUrl, entity: { accountId } }: Pick<Synthesizing, 'nowMs' | 'baseUrl' | 'entity'>,
  { links }: TextToSpeechPorts,
): Answer {
  const { id, state, delivery, format, sampleRateHz, voices: spoken, characters, words, isCacheHit } = record;
  const { createdAt, finishedAt, durationMs, failure, file } = record;
  const expiresMs = nowMs() + OBJECT_LINK_LIFETIME_MS;
  return {
    ...{ id, state, delivery, format, sampleRateHz, voices: [...spoken], characters, words, isCacheHit },
    createdAt: createdAt.toISOString(),
    ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(failure === undefined
      ? {}
      : { failure: { code: `text-to-speech.${failure.reason}`, detail: failure.detail } }),
    ...(file === undefined
      ? {}
      : {
          sizeBytes: file.sizeBytes,
          mediaType: file.mediaType,
          url: links.urlOf(links.pathOf({ accountId, id: file.objectId, expiresMs }), baseUrl),
          urlExpiresAt: new Date(expiresMs).toISOString(),
        }),
  };
}
