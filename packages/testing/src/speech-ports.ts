import { readSsml } from '@patchbay/adapters/speech/read-ssml';
import { soundFormatFacts } from '@patchbay/domain/speech/sound-format';
import type { SpeechRecord } from '@patchbay/domain/speech/speech-record';
import { createId } from '@patchbay/kit/ids';
import type { AskedSpeech, TextToSpeechPorts } from '@patchbay/services/text-to-speech/ports';
import { unsignedLinks } from './stored-links.ts';

interface Options {
  readonly waitingMax?: number;
  /** What becomes of a text. Default: a second of sound. */
  readonly settle?: (record: SpeechRecord, asked: AskedSpeech) => SpeechRecord | undefined;
}

const aSecond = (record: SpeechRecord): SpeechRecord => ({
  ...record,
  state: 'completed',
  finishedAt: record.createdAt,
  durationMs: 1_000,
  file: {
    objectId: createId('obj', 1),
    mediaType: soundFormatFacts(record.format).mediaType,
    sizeBytes: 32_044,
    createdAt: record.createdAt,
  },
});

/** Speech in memory: nobody speaks, and a text is over when somebody waits for it. */
export function memorySpeechPorts({ waitingMax = 100, settle = aSecond }: Options = {}): TextToSpeechPorts & {
  readonly asked: readonly AskedSpeech[];
} {
  const asked: AskedSpeech[] = [];
  const records = new Map<string, SpeechRecord>();
  return {
    asked,
    speech: {
      async ask(one) {
        if (records.size >= waitingMax) return 'too_many';
        asked.push(one);
        const { entity, order, known } = one;
        const record: SpeechRecord = {
          ...known,
          id: createId('spk', records.size + 1),
          accountId: entity.accountId,
          state: 'queued',
          format: order.format,
          sampleRateHz: order.sampleRateHz,
          createdAt: new Date(0),
          isCacheHit: false,
        };
        records.set(record.id, record);
        return record;
      },
      async settled({ speechId }) {
        const [record, one] = [records.get(speechId), asked.at(-1)];
        const settled = record === undefined || one === undefined ? undefined : settle(record, one);
        if (settled === undefined) records.delete(speechId);
        else records.set(speechId, settled);
        return settled;
      },
      find: async ({ accountId, speechId }) => {
        const found = records.get(speechId);
        return found?.accountId === accountId ? found : undefined;
      },
      list: async ({ accountId, limit }) => ({
        items: [...records.values()].filter((one) => one.accountId === accountId).slice(0, limit),
      }),
      async remove({ accountId, speechId }) {
        const found = records.get(speechId);
        if (found?.accountId !== accountId) return undefined;
        records.delete(speechId);
        return found;
      },
    },
    markup: { read: readSsml },
    links: unsignedLinks,
  };
}
