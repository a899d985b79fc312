import { sampleRatesHz, soundFormats } from '@patchbay/domain/speech/sound-format';
import {
  CHARACTERS_MAX,
  MARKUP_CHARACTERS_MAX,
  mannerShape,
  URI_LENGTH_MAX,
} from '@patchbay/domain/speech/speech-order';
import { speechStates } from '@patchbay/domain/speech/speech-record';
import { voiceCounts, voiceKinds } from '@patchbay/domain/speech/speech-usage';
import {
  DEFAULT_VOICE,
  speechEngines,
  VOICE_NAME_LENGTH_MAX,
  voiceAges,
  voiceSexes,
} from '@patchbay/domain/speech/voices';
import { OBJECT_PATH } from '@patchbay/domain/stored-media/object-link';
import { defineService } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { limitShape } from '../credential-request.ts';
import { speechErrors } from './errors.ts';

const voiceName = z.string().min(1).max(VOICE_NAME_LENGTH_MAX);
const address = z.url({ protocol: /^https?$/ }).max(URI_LENGTH_MAX);
const language = z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$/);
const wish = {
  sex: z.enum(voiceSexes).optional(),
  age: z.enum(voiceAges).optional(),
  /** Such as scottish. */
  accent: z.string().min(1).max(40).optional(),
  /** Such as en, or en-GB. */
  language: language.optional(),
};

/** Of all that was spoken: how it sounds. */
const spoken = {
  voice: 'open',
  voiceKind: voiceKinds,
  voiceCount: voiceCounts,
  format: soundFormats,
  bitRateKbps: 'open',
  sessionKind: ['none', 'call'],
} as const;

const speech = z.object({
  id: idField('spk'),
  state: z.enum(speechStates),
  delivery: z.enum(['sync', 'async']),
  format: z.enum(soundFormats),
  sampleRateHz: z.int(),
  /** Those that speak in it. Of a reference: empty until it is fetched. */
  voices: z.array(z.string()),
  characters: z.int(),
  words: z.int(),
  /** It was there from before, and nothing of it was spoken again. */
  isCacheHit: z.boolean(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  durationMs: z.int().optional(),
  sizeBytes: z.int().optional(),
  mediaType: z.string().optional(),
  /** Where it is read without a key, until `urlExpiresAt`. Absent until it is completed, and when its file is gone. */
  url: z.string().optional(),
  urlExpiresAt: z.iso.datetime().optional(),
  /** Of one that failed. */
  failure: z.object({ code: z.string(), detail: z.string() }).optional(),
});

export const textToSpeech = defineService({
  name: 'text-to-speech',
  title: 'Text to speech',
  summary: 'Speaks text, plain or in SSML, in chosen voices, to a file.',
  timing: 'async',
  media: 'none',
  config: z.object({
    charactersMax: z
      .int()
      .min(1)
      .max(CHARACTERS_MAX)
      .default(5_000)
      .describe('The longest text that one request may have spoken, markup left out.'),
    concurrentMax: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe('Texts of the account that are spoken at a time. The others wait.'),
    voice: voiceName.default(DEFAULT_VOICE).describe('The voice where a request names none.'),
    providerUrl: address
      .optional()
      .describe(
        'Where voices of your own are made: own:… in a request is asked for there, and answered as WAVE.',
      ),
  }),
  merge: { charactersMax: 'narrowest', concurrentMax: 'narrowest', voice: 'nearest', providerUrl: 'nearest' },
  meters: {
    requests: {
      unit: 'count',
      summary: 'Texts that were spoken, or were there from before.',
      dimensions: spoken,
    },
    characters: { unit: 'character', summary: 'Characters spoken, markup left out.', dimensions: spoken },
    words: { unit: 'count', summary: 'Words spoken.', dimensions: spoken },
    speechMs: {
      unit: 'millisecond',
      summary: 'Time that speech lasts, pauses left out.',
      dimensions: spoken,
    },
    cacheHits: { unit: 'count', summary: 'Texts that were there from before.', dimensions: spoken },
    processMs: { unit: 'millisecond', summary: 'Time that speaking took.', dimensions: spoken },
  },
  events: {
    completed: z.object({
      speechId: z.string(),
      voices: z.array(z.string()),
      format: z.enum(soundFormats),
      mediaType: z.string(),
      characters: z.int(),
      words: z.int(),
      durationMs: z.int(),
      sizeBytes: z.int(),
      isCacheHit: z.boolean(),
      /** As a file that other services take. */
      objectId: z.string(),
      /** Where it is read with a key. */
      path: z.string(),
    }),
    failed: z.object({ speechId: z.string(), code: z.string(), detail: z.string() }),
  },
  errors: speechErrors,
  operations: {
    synthesize: {
      method: 'POST',
      path: '/speech',
      summary:
        'Speak a text: `text`, `ssml`, or what `textUri` leads to. What was spoken before in the same way is answered from there.',
      access: 'develop',
      isUse: true,
      // Whoever hands an event on does not wait for the end of a speech: an event tells of it.
      takesEvents: { fields: {}, always: { delivery: 'async' }, emits: ['completed', 'failed'] },
      request: z.strictObject({
        text: z.string().min(1).max(CHARACTERS_MAX).optional(),
        ssml: z.string().min(1).max(MARKUP_CHARACTERS_MAX).optional(),
        /** Of text/plain, or application/ssml+xml. */
        textUri: address.optional(),
        /** By name. Otherwise the first that is like what is asked for, or that of the configuration. */
        voice: voiceName.optional(),
        ...wish,
        ...mannerShape,
        /** `wav` and `pcm` have 16 bits, `pcmu` is G.711 without a header. */
        format: z.enum(soundFormats).default('wav'),
        sampleRateHz: z.literal([...sampleRatesHz]).optional(),
        /** `sync`: answered once it is spoken, or after 25 seconds as it stands then. `async`: at once, and an event tells of the end. */
        delivery: z.enum(['sync', 'async']).default('sync'),
        applicationId: limitShape.applicationId,
        /** Whose it is: an endpoint of the account, by its name. */
        identity: limitShape.identity,
      }),
      response: speech,
      errors: [
        'request.invalid',
        'text-to-speech.voice_unknown',
        'text-to-speech.text_too_long',
        'text-to-speech.text_invalid',
        'text-to-speech.text_unreachable',
        'text-to-speech.format_invalid',
        'text-to-speech.too_many_waiting',
        'text-to-speech.unavailable',
        'text-to-speech.failed',
      ],
    },
    listSpeech: {
      method: 'GET',
      path: '/speech',
      summary: 'List what was given to be spoken, newest first.',
      access: 'read',
      request: pageRequest,
      response: pageOf(speech),
      errors: [],
    },
    getSpeech: {
      method: 'GET',
      path: '/speech/{speechId}',
      summary: 'Read how far a text is spoken, and a link to its file.',
      access: 'read',
      files: [
        {
          ending: 'audio',
          segment: '{speechId}/audio',
          mediaType: 'application/octet-stream',
          isBinary: true,
          summary:
            'Read the sound itself, with Range from one byte to another. Its Content-Type says its format.',
        },
      ],
      linkedFile: {
        name: 'file',
        path: OBJECT_PATH,
        mediaType: 'application/octet-stream',
        summary: 'Read a stored file by a link that was made for it, with Range from one byte to another.',
        request: z.object({
          objectId: idSchema('obj'),
          account: idSchema('acc'),
          /** Milliseconds since 1970. */
          expires: z.string(),
          signature: z.string(),
        }),
      },
      request: z.object({ speechId: idSchema('spk') }),
      response: speech,
      errors: [],
    },
    removeSpeech: {
      method: 'DELETE',
      path: '/speech/{speechId}',
      summary: 'Remove a speech, and its file where no other has it. What still waits is not spoken.',
      access: 'develop',
      request: z.object({ speechId: idSchema('spk') }),
      response: z.object({ id: idField('spk') }),
      errors: [],
    },
    listVoices: {
      method: 'GET',
      path: '/voices',
      summary: 'List voices that can be named, those that are taken first in front.',
      access: 'read',
      request: pageRequest.extend(wish),
      response: pageOf(
        z.object({
          name: z.string(),
          /** What makes it: it has to be installed on the nodes. */
          engine: z.enum(speechEngines),
          language: z.string(),
          sex: z.enum(voiceSexes),
          age: z.enum(voiceAges),
          accent: z.string(),
        }),
      ),
      errors: [],
    },
  },
});
