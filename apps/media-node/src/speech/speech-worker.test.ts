import type { NewObject } from '@patchbay/adapters/objects/stored-objects';
import type { SafeResponse } from '@patchbay/adapters/outgoing/safe-request';
import { readSsml } from '@patchbay/adapters/speech/read-ssml';
import type { ClaimedSpeech, FoundSound, SpeechEnd } from '@patchbay/adapters/speech/speech-store';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import { plainManner } from '@patchbay/domain/speech/passage';
import type { SpeechOrder } from '@patchbay/domain/speech/speech-order';
import { readWav } from '@patchbay/dsp/wav';
import { expect, test, vi } from 'vitest';
import type { Pronounce } from './engines.ts';
import { soundWriter } from './sound-writer.ts';
import { SpeechWorker, type SpeechWorkerOptions } from './speech-worker.ts';

const order: SpeechOrder = {
  source: { kind: 'text', text: 'Hello you.' },
  voice: 'slt',
  manner: plainManner,
  format: 'wav',
  sampleRateHz: 16_000,
  charactersMax: 100,
};
const claimOf = (change: Partial<ClaimedSpeech> = {}): ClaimedSpeech => ({
  ...{
    id: 'spk_1',
    accountId: 'acc_1',
    endpoint: 'user:bob',
    delivery: 'sync',
    attempt: 1,
    order,
    ...change,
  },
});
/** A hundred samples for each character, at 8 kHz. */
const pronounce: Pronounce = async ({ text }) => ({
  rateHz: 8_000,
  samples: new Int16Array(100 * text.length).fill(9),
});

/** A queue that gives one text, and what a worker makes of it. */
async function work(
  claim: ClaimedSpeech,
  change: Partial<SpeechWorkerOptions> & { readonly found?: FoundSound; readonly isOurs?: boolean } = {},
) {
  const ends: SpeechEnd[] = [];
  const uses: (UsedBy & CountedUse)[] = [];
  const stored: { object: NewObject; bytes: Uint8Array }[] = [];
  const asked: string[] = [];
  const waiting = [claim];
  const worker = new SpeechWorker({
    queue: {
      claim: async () => waiting.splice(0),
      find: async () => change.found,
      finish: async (_speech, end) => {
        ends.push(end);
        return change.isOurs ?? true;
      },
    },
    pronounce,
    writeSound: soundWriter({ run: async () => ({ kind: 'absent' }) }),
    fetch: async ({ url }): Promise<SafeResponse> => {
      asked.push(url);
      return { latencyMs: 1, ...answers[url] };
    },
    readMarkup: readSsml,
    store: async (object, bytes) => {
      stored.push({ object, bytes });
      return { ...object, id: 'obj_1', sizeBytes: bytes.length };
    },
    sweep: async () => 0,
    region: 'local',
    atOnceMax: 1,
    count: (usedBy, use) => uses.push({ ...usedBy, ...use }),
    onFailure: (error) => {
      throw error;
    },
    ...change,
  });
  worker.start();
  await vi.waitFor(() => expect(ends).toHaveLength(1));
  await worker.stop();
  return { end: ends[0], uses, stored, asked };
}

const plain = { status: 200, contentType: 'text/plain; charset=utf-8' };
const answers: Readonly<Record<string, Partial<SafeResponse>>> = {
  'https://a.test/a.txt': { ...plain, bytes: Buffer.from('From afar.') },
  'https://a.test/moved': { status: 302, error: 'redirect', headers: { location: '/a.txt' } },
  'https://a.test/a.ssml': {
    ...{ status: 200, contentType: 'application/ssml+xml' },
    bytes: Buffer.from('<speak>From <voice name="kal">afar.</voice></speak>'),
  },
  'https://a.test/page': { status: 200, contentType: 'text/html', bytes: Buffer.from('<p>') },
  'https://a.test/latin': { ...plain, bytes: Buffer.from([0xe9]) },
  'https://a.test/long': { ...plain, bytes: Buffer.from('a '.repeat(200)) },
  'https://a.test/huge': { status: 200, error: 'response_too_large' },
  'http://10.0.0.1/': { error: 'address_forbidden' },
};
const fromUri = (uri: string) => claimOf({ order: { ...order, source: { kind: 'uri', uri } } });

test('a text becomes a file of its account, and counts for whoever it was for (TTS)', async () => {
  const { end, uses, stored } = await work(claimOf());
  expect(end).toMatchObject({ kind: 'spoken', voices: ['slt'], characters: 10, words: 2, durationMs: 125 });
  expect(stored).toMatchObject([
    {
      object: {
        accountId: 'acc_1',
        endpoint: 'user:bob',
        dataClass: 'speechFiles',
        mediaType: 'audio/wav',
        durationMs: 125,
      },
    },
  ]);
  expect(readWav(stored[0]?.bytes ?? new Uint8Array())).toMatchObject({
    rateHz: 16_000,
    samples: { length: 2_000 },
  });
  expect(uses.map(({ meter, accountId, endpoint }) => [meter.split('.')[1], accountId, endpoint])).toEqual(
    ['requests', 'characters', 'words', 'speechMs', 'processMs'].map((meter) => [meter, 'acc_1', 'user:bob']),
  );
});

test('what sounds the same and is there is not spoken again: no engine runs, nothing is stored, a cache hit counts', async () => {
  const found = { objectId: 'obj_9', mediaType: 'audio/wav', sizeBytes: 4, durationMs: 125 };
  const silent = vi.fn(pronounce);
  const { end, uses, stored } = await work(claimOf(), { found, pronounce: silent });
  expect(end).toMatchObject({ kind: 'cached', found, characters: 10 });
  expect([silent.mock.calls.length, stored.length]).toEqual([0, 0]);
  expect(uses.map(({ meter }) => meter)).toEqual(['text-to-speech.requests', 'text-to-speech.cacheHits']);
});

test('whoever lost a text to another, or to its removal, counts nothing of it', async () => {
  expect((await work(claimOf(), { isOurs: false })).uses).toEqual([]);
});

test('a text by reference is fetched over redirects, plain or as SSML by its type', async () => {
  const { end, asked } = await work(fromUri('https://a.test/moved'));
  expect(end).toMatchObject({ kind: 'spoken', voices: ['slt'], characters: 10 });
  expect(asked).toEqual(['https://a.test/moved', 'https://a.test/a.txt']);
  expect((await work(fromUri('https://a.test/a.ssml'))).end).toMatchObject({ voices: ['slt', 'kal'] });
});

test.each([
  ['https://a.test/gone', 'text_invalid', 'of no type'],
  ['https://a.test/page', 'text_invalid', 'text/html'],
  ['https://a.test/latin', 'text_invalid', 'not UTF-8'],
  ['https://a.test/long', 'text_too_long', 'At most 100 characters'],
  ['https://a.test/huge', 'text_too_long', 'more than'],
  ['http://10.0.0.1/', 'text_unreachable', 'address_forbidden'],
] as const)('%s ends as %s: %s; it counts nothing', async (uri, reason, detail) => {
  const { end, uses } = await work(fromUri(uri));
  expect(end).toMatchObject({ kind: 'failed', reason, detail: expect.stringContaining(detail) });
  expect(uses).toEqual([]);
});

test('what is not installed is said by its name, and how it is installed', async () => {
  const mp3 = await work(claimOf({ order: { ...order, format: 'mp3', sampleRateHz: 24_000 } }));
  expect(mp3.end).toMatchObject({
    kind: 'failed',
    reason: 'unavailable',
    detail: expect.stringContaining('FFMPEG_PATH'),
  });
  const absent = await work(claimOf(), {
    pronounce: async () => ({ failure: 'unavailable', detail: 'No engine.' }),
  });
  expect(absent.end).toEqual({ kind: 'failed', reason: 'unavailable', detail: 'No engine.' });
  expect((await work(claimOf(), { store: undefined })).end).toMatchObject({
    ...{ kind: 'failed', reason: 'unavailable', detail: expect.stringContaining('PATCHBAY_FILES') },
  });
});

test('a text that brought three processes down is not given to a fourth', async () => {
  const silent = vi.fn(pronounce);
  expect((await work(claimOf({ attempt: 4 }), { pronounce: silent })).end).toMatchObject({
    kind: 'failed',
    reason: 'failed',
  });
  expect(silent).not.toHaveBeenCalled();
});
