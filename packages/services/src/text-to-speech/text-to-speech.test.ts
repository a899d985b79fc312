import type { SpeechFailureReason, SpeechRecord } from '@patchbay/domain/speech/speech-record';
import { createId } from '@patchbay/kit/ids';
import { serviceContext } from '@patchbay/testing/service-context';
import { memorySpeechPorts } from '@patchbay/testing/speech-ports';
import { expect, test } from 'vitest';
import { textToSpeech } from './definition.ts';
import { handlers } from './handlers.ts';

type Operations = (typeof textToSpeech)['operations'];
type Options = Parameters<typeof memorySpeechPorts>[0];

const accountId = createId('acc', 1);
const ofService = <Name extends keyof Operations>(_name: Name, config = {}) =>
  serviceContext<typeof textToSpeech, Name>(textToSpeech, { accountId, config });
const requestOf = (given: object) => textToSpeech.operations.synthesize.request.parse(given);

function synthesize(given: object, { config = {}, ...options }: { config?: object } & Options = {}) {
  const ports = memorySpeechPorts(options);
  const answer = handlers.synthesize(ofService('synthesize', config).context, requestOf(given), ports);
  return { answer, ports };
}
const failing = (reason: SpeechFailureReason) => (record: SpeechRecord) =>
  ({ ...record, state: 'failed', finishedAt: new Date(0), failure: { reason, detail: 'Why.' } }) as const;
const refusal = async (given: object, options: { config?: object } & Options = {}) => {
  const { answer, ports } = synthesize(given, options);
  const error = await answer.then(
    () => undefined,
    (cause: unknown) => (cause as { fields: { code: string; status: number; publicDetail: string } }).fields,
  );
  return {
    code: error?.code,
    status: error?.status,
    detail: error?.publicDetail,
    askedCount: ports.asked.length,
  };
};

test('synthesize 200: a text is spoken in the voice of the configuration, and answered with a link to its file', async () => {
  const { answer, ports } = synthesize(
    { text: 'Hello you.' },
    { config: { voice: 'kal16', concurrentMax: 2 } },
  );
  const answered = textToSpeech.operations.synthesize.response.parse(await answer);
  expect(answered).toMatchObject({
    ...{
      state: 'completed',
      voices: ['kal16'],
      characters: 10,
      words: 2,
      durationMs: 1_000,
      isCacheHit: false,
    },
    ...{ mediaType: 'audio/wav', sizeBytes: 32_044, sampleRateHz: 16_000 },
    url: expect.stringContaining(
      `https://patchbay.test/api/media/${createId('obj', 1)}?account=${accountId}`.slice(0, 40),
    ),
  });
  expect(ports.asked).toMatchObject([
    { concurrentMax: 2, order: { charactersMax: 5_000, manner: { rate: 1, pitch: 1, volumeDb: 0 } } },
  ]);
});

test('synthesize 200: a voice is chosen by what it is like, and SSML may have several', async () => {
  const like = await synthesize({ text: 'Aye.', sex: 'male', accent: 'Scottish' }).answer;
  expect(like.voices).toEqual(['awb']);
  const german = await synthesize({ text: 'Guten Tag.', language: 'de', sex: 'female' }).answer;
  expect(german.voices).toEqual(['espeak-de-female']);
  const both = await synthesize({ ssml: '<speak>a <voice name="kal">b</voice></speak>' }).answer;
  expect(both).toMatchObject({ voices: ['slt', 'kal'], characters: 2 });
});

test('synthesize 200: asked for asynchronously it is answered at once, as it waits', async () => {
  const { answer } = synthesize({ textUri: 'https://a.test/a.txt', delivery: 'async', format: 'mp3' });
  const queued = await answer;
  expect(queued).toMatchObject({ state: 'queued', delivery: 'async', voices: [], sampleRateHz: 24_000 });
  expect(queued).not.toHaveProperty('url');
});

test('synthesize 200: one that takes longer than anybody waits is answered as it stands then', async () => {
  const { answer } = synthesize({ text: 'Long.' }, { settle: (record) => ({ ...record, state: 'running' }) });
  expect(await answer).toMatchObject({ state: 'running' });
});

test.each([
  [{}],
  [{ text: 'a', ssml: '<speak>a</speak>' }],
  [{ text: 'a', textUri: 'https://a.test/' }],
  [{ text: 'a', voice: 'slt', sex: 'male' }],
])('synthesize 400: what is said is one text, in a voice that is named or described: %j', async (given) => {
  expect(await refusal(given)).toMatchObject({ code: 'request.invalid', askedCount: 0 });
});

test.each([
  [{ text: 'a', voice: 'nobody' }, 'no voice nobody'],
  [{ text: 'a', language: 'ja' }, 'no voice'],
  [{ text: 'a', voice: 'own:anna' }, 'providerUrl is not set'],
  [{ ssml: '<speak><voice name="own:anna">a</voice></speak>' }, 'providerUrl is not set'],
])(
  'synthesize 422: a voice that there is not is refused before anything waits: %j',
  async (given, detail) => {
    const refused = await refusal(given);
    expect(refused).toMatchObject({ code: 'text-to-speech.voice_unknown', status: 422, askedCount: 0 });
    expect(refused.detail).toContain(detail);
  },
);

test('synthesize 200: a voice of one’s own is made at the address of the configuration', async () => {
  const providerUrl = 'https://voices.test/speak';
  const { answer, ports } = synthesize({ text: 'a', voice: 'own:anna' }, { config: { providerUrl } });
  expect(await answer).toMatchObject({ voices: ['own:anna'] });
  expect(ports.asked).toMatchObject([{ order: { providerUrl } }]);
});

test('synthesize 422: SSML that is not carried out, and a text without a word, are refused with their place', async () => {
  const audio = await refusal({ ssml: '<speak><audio src="a"/></speak>' });
  expect(audio).toMatchObject({ code: 'text-to-speech.text_invalid', status: 422, askedCount: 0 });
  expect(audio.detail).toContain('/speak/audio[0]: audio is not carried out');
  for (const given of [{ text: '…' }, { ssml: '<speak><break/></speak>' }])
    expect(await refusal(given)).toMatchObject({ code: 'text-to-speech.text_invalid' });
});

test('synthesize 413: a text is as long as the configuration allows, markup left out', async () => {
  const config = { charactersMax: 5 };
  expect(await refusal({ text: 'abcdef' }, { config })).toMatchObject({
    ...{ code: 'text-to-speech.text_too_long', status: 413, askedCount: 0 },
  });
  expect(
    await synthesize({ ssml: '<speak><prosody rate="fast">abcde</prosody></speak>' }, { config }).answer,
  ).toMatchObject({ characters: 5 });
});

test('synthesize 422: G.711 has 8,000 samples a second', async () => {
  expect(await refusal({ text: 'a', format: 'pcmu', sampleRateHz: 16_000 })).toMatchObject({
    ...{ code: 'text-to-speech.format_invalid', status: 422 },
  });
  expect(await synthesize({ text: 'a', format: 'pcmu' }).answer).toMatchObject({ sampleRateHz: 8_000 });
});

test('synthesize 429: where as many texts wait as may, another is told when to come again', async () => {
  expect(await refusal({ text: 'a' }, { waitingMax: 0 })).toMatchObject({
    ...{ code: 'text-to-speech.too_many_waiting', status: 429 },
  });
});

test.each([
  ['text_unreachable', 422],
  ['unavailable', 503],
  ['failed', 502],
] as const)('synthesize %s: what a node says is answered as it is, by its code', async (reason, status) => {
  expect(await refusal({ text: 'a' }, { settle: failing(reason) })).toMatchObject({
    ...{ code: `text-to-speech.${reason}`, status, detail: 'Why.' },
  });
});

// The contract asks for each status by name.
test('synthesize 503: an engine that is not installed is no empty answer', async () => {
  expect((await refusal({ text: 'a' }, { settle: failing('unavailable') })).status).toBe(503);
});

test('synthesize 502: one that was removed while it waited is answered by nothing else', async () => {
  expect(await refusal({ text: 'a' }, { settle: () => undefined })).toMatchObject({
    ...{ code: 'text-to-speech.failed', status: 502 },
  });
});

test('getSpeech 200: it says how far it is, and of a failure why; there is none of another account', async () => {
  const ports = memorySpeechPorts({ settle: failing('text_unreachable') });
  const { context } = ofService('synthesize');
  await handlers.synthesize(context, requestOf({ text: 'a' }), ports).catch(() => undefined);
  const request = { speechId: createId('spk', 1) };
  const [listed] = (await handlers.listSpeech(ofService('listSpeech').context, { limit: 5 }, ports)).items;
  const speechId = listed?.id ?? '';
  expect(await handlers.getSpeech(ofService('getSpeech').context, { speechId }, ports)).toMatchObject({
    failure: { code: 'text-to-speech.text_unreachable', detail: 'Why.' },
  });
  const none = handlers.getSpeech(ofService('getSpeech').context, request, ports);
  await expect(none).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});

test('listSpeech 200: what was given to be spoken, each as it stands', async () => {
  const { answer, ports } = synthesize({ text: 'a' });
  const { id } = await answer;
  const listed = await handlers.listSpeech(ofService('listSpeech').context, { limit: 5 }, ports);
  expect(listed.items).toMatchObject([{ id, state: 'completed' }]);
});

test('removeSpeech 200: it is gone, and the log of changes says what it was; a second time there is none', async () => {
  const { answer, ports } = synthesize({ text: 'a' });
  const { id: speechId } = await answer;
  const { context, audited } = ofService('removeSpeech');
  expect(await handlers.removeSpeech(context, { speechId }, ports)).toEqual({ id: speechId });
  expect(audited).toEqual([
    { target: speechId, before: { state: 'completed', format: 'wav', characters: 1 } },
  ]);
  const again = handlers.removeSpeech(context, { speechId }, ports);
  await expect(again).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});

test('listVoices 200: page by page, by sex, age, accent and language', async () => {
  const list = async (given: object) => {
    const { context } = ofService('listVoices');
    const request = textToSpeech.operations.listVoices.request.parse(given);
    return await handlers.listVoices(context, request, memorySpeechPorts());
  };
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit: 20, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names).size).toBe(names.length);
  expect(names[0]).toBe('slt');
  const scots = await list({ accent: 'scottish', language: 'en' });
  expect(scots.items.map(({ name }) => name)).toEqual([
    'awb',
    'espeak-en-gb-scotland',
    'espeak-en-gb-scotland-female',
  ]);
  expect((await list({ sex: 'female', language: 'de-DE' })).items).toMatchObject([
    { name: 'espeak-de-female' },
  ]);
  expect((await list({ age: 'child' })).items).toEqual([]);
});
