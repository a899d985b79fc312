import twilio from 'twilio';
import { describe, expect, test } from 'vitest';
import { readLogicDocument } from './read-document.ts';

const { VoiceResponse } = twilio.twiml;
const read = (text: string) => readLogicDocument('twiml', text);
/** What the library of another platform writes. */
function written(write: (response: InstanceType<typeof VoiceResponse>) => unknown) {
  const response = new VoiceResponse();
  write(response);
  return read(response.toString());
}
const verbs = (...expected: readonly object[]) => ({ document: { version: 1, verbs: expected } });

describe('documents that the twilio library writes', () => {
  test('become the same verbs of ours', () => {
    expect(written((response) => response.pause({ length: 3 }))).toEqual(
      verbs({ verb: 'pause', seconds: 3 }),
    );
    expect(written((response) => response.redirect({ method: 'POST' }, '/next'))).toEqual(
      verbs({ verb: 'redirect', url: '/next' }),
    );
    expect(written((response) => response.reject())).toEqual(verbs({ verb: 'reject' }));
    expect(written((response) => response.hangup())).toEqual(verbs({ verb: 'hangup' }));
    expect(written((response) => response.dial({ timeLimit: 60 }, '+49 30 123-4567'))).toEqual(
      verbs({ verb: 'dial', to: ['tel:+49301234567'], secondsMax: 60 }),
    );
    expect(written((response) => response.dial().sip('sip:bob@example.com'))).toEqual(
      verbs({ verb: 'dial', to: ['sip:bob@example.com'] }),
    );
    expect(written((response) => response.dial().client({}).identity('bob & co'))).toEqual({
      problem: expect.stringContaining('user:bob'),
    });
    expect(written((response) => response.sms({ to: 'client:bob' }, 'Fish & <chips>'))).toEqual(
      verbs({ verb: 'message', text: 'Fish & <chips>', to: 'user:bob' }),
    );
    expect(
      written((response) => {
        const gather = response.gather({ numDigits: 1, action: '/digits', timeout: 5 });
        gather.say({ voice: 'alice', loop: 2 }, 'Press a key.');
      }),
    ).toEqual(
      verbs({
        verb: 'gather',
        digitsMax: 1,
        timeoutSeconds: 5,
        next: '/digits',
        finishOn: '#',
        prompts: [{ verb: 'say', text: 'Press a key.', voice: 'alice', repeatCount: 2 }],
      }),
    );
    expect(written((response) => response.dial().conference('standup'))).toEqual(
      verbs({ verb: 'conference', name: 'standup' }),
    );
    expect(
      written((response) =>
        response.dial({ action: '/after', hangupOnStar: true }).conference(
          {
            ...{ muted: true, beep: 'onEnter', startConferenceOnEnter: false, endConferenceOnExit: true },
            ...{ maxParticipants: 5, waitUrl: '/music.wav' },
          },
          'standup',
        ),
      ),
    ).toEqual(
      verbs({
        ...{ verb: 'conference', name: 'standup', isMuted: true, startsRoom: false, endsWithMe: true },
        ...{ tones: 'enter', waitUrl: '/music.wav', participantCountMax: 5, leaveOn: '*', next: '/after' },
      }),
    );
    expect(written((response) => response.connect().stream({ url: 'wss://media.test/' }))).toEqual(
      verbs({ verb: 'stream', url: 'wss://media.test/' }),
    );
  });

  test.each([
    [
      'an attribute',
      (r: InstanceType<typeof VoiceResponse>) => r.dial({ record: 'record-from-answer' }, '+49301234567'),
      'record',
    ],
    [
      'what a room is not told',
      (r: InstanceType<typeof VoiceResponse>) =>
        r.dial().conference({ statusCallback: '/events', statusCallbackEvent: ['start'] }, 'standup'),
      'statusCallback',
    ],
    ['a verb', (r: InstanceType<typeof VoiceResponse>) => r.pay(), 'Pay'],
    ['a method', (r: InstanceType<typeof VoiceResponse>) => r.redirect({ method: 'GET' }, '/next'), 'GET'],
    [
      'a callback',
      (r: InstanceType<typeof VoiceResponse>) => r.dial().client({ statusCallback: '/s' }, 'bob'),
      'statusCallback',
    ],
    ['a noun', (r: InstanceType<typeof VoiceResponse>) => r.dial().sim('DE1'), 'Sim'],
  ])('%s that is not understood is refused by its name', (_, write, name) => {
    expect(written(write)).toEqual({ problem: expect.stringContaining(name) });
  });
});

describe('C32: XML of strangers', () => {
  test.each([
    ['a document type', '<!DOCTYPE Response [<!ENTITY a "b">]><Response>&a;</Response>'],
    ['an external entity', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><Response/>'],
    ['an instruction', '<Response><?php echo 1 ?></Response>'],
    ['what is not closed', '<Response><Hangup></Response>'],
    ['no XML', '{"version":1}'],
    ['another root', '<Answer><Hangup/></Answer>'],
    [
      'elements too deep in each other',
      `<Response>${'<Gather>'.repeat(12)}${'</Gather>'.repeat(12)}</Response>`,
    ],
    ['too many verbs', `<Response>${'<Hangup/>'.repeat(201)}</Response>`],
    ['a number that is none', '<Response><Pause length="1e3"/></Response>'],
    ['a name that every object has', '<Response><constructor/></Response>'],
  ])('%s is refused', (_, text) => {
    expect(read(text)).toEqual({ problem: expect.any(String) });
  });

  test('comments and a declaration are passed over', () => {
    expect(
      read('<?xml version="1.0" encoding="UTF-8"?>\n<!-- ours -->\n<Response><Hangup/></Response>'),
    ).toEqual(verbs({ verb: 'hangup' }));
  });
});
