/**
 * The XML form, verb by verb and attribute by attribute: what is the same as on other platforms, what differs, and what is
 * refused by name. `docs/logic.md` says it in the same words, which a test compares.
 */
export interface AttributeRule {
  readonly stands: 'same' | 'differs' | 'refused';
  readonly note?: string;
}

const same: AttributeRule = { stands: 'same' };
const differs = (note: string): AttributeRule => ({ stands: 'differs', note });
const refused = (note: string): AttributeRule => ({ stands: 'refused', note });

const method = differs('POST alone; GET is refused');
const told = refused('events are told by webhooks');

export const twimlRules = {
  Dial: {
    timeout: differs('45 seconds where nothing is said'),
    timeLimit: same,
    action: differs('asked when nobody answered; an answered call ends with its parties'),
    method,
    sequential: same,
    answerOnBridge: differs('it always is'),
    callerId: differs('it is passed over: who calls is shown by their own name'),
    hangupOnStar: differs('with a Conference alone: keys are not heard while two talk'),
    record: differs('do-not-record alone'),
    recordingStatusCallback: told,
    ringTone: refused('it rings as the caller’s own application lets it'),
    trim: refused('nothing is recorded yet'),
    referUrl: refused('calls are not referred'),
  },
  Client: {
    url: refused('nothing is played to whoever is dialled'),
    method,
    statusCallback: told,
    statusCallbackEvent: told,
    statusCallbackMethod: told,
  },
  Number: {
    url: refused('nothing is played to whoever is dialled'),
    method,
    statusCallback: told,
    statusCallbackEvent: told,
    statusCallbackMethod: told,
    sendDigits: refused('no keys are sent'),
  },
  Sip: {
    url: refused('nothing is played to whoever is dialled'),
    method,
    username: refused('addresses are reached without a password'),
    password: refused('addresses are reached without a password'),
    statusCallback: told,
    statusCallbackEvent: told,
    statusCallbackMethod: told,
  },
  Identity: {},
  Pause: { length: same },
  Redirect: { method },
  Reject: { reason: same },
  Hangup: {},
  Message: {
    to: differs('an endpoint, or a number that is an endpoint of the account; without it, whoever calls'),
    from: differs('it is passed over'),
    action: told,
    method,
    statusCallback: told,
  },
  Sms: {
    to: differs('an endpoint, or a number that is an endpoint of the account; without it, whoever calls'),
    from: differs('it is passed over'),
    action: told,
    method,
    statusCallback: told,
  },
  Body: {},
  Say: { voice: same, language: same, loop: same },
  Play: { loop: same, digits: refused('no keys are sent') },
  Gather: {
    input: differs('dtmf alone'),
    action: differs('asked when a key was pressed; without it the verbs behind it run'),
    method,
    timeout: same,
    numDigits: same,
    finishOnKey: same,
    language: same,
    speechTimeout: refused('speech is not heard yet'),
    hints: refused('speech is not heard yet'),
    actionOnEmptyResult: refused('speech is not heard yet'),
  },
  Record: {
    action: same,
    method,
    timeout: same,
    maxLength: same,
    finishOnKey: same,
    playBeep: differs('it is passed over'),
    trim: refused('nothing is recorded yet'),
    recordingStatusCallback: told,
    transcribe: refused('nothing is transcribed yet'),
  },
  Enqueue: { action: same, method, waitUrl: refused('nobody waits yet') },
  Conference: {
    muted: same,
    beep: same,
    startConferenceOnEnter: same,
    endConferenceOnExit: same,
    maxParticipants: same,
    waitUrl: differs('a WAVE file or a tone, heard again and again; no document is asked for'),
    waitMethod: differs('it is passed over: sounds are asked for by GET'),
    jitterBufferSize: differs('it is passed over'),
    statusCallback: told,
    statusCallbackEvent: told,
    statusCallbackMethod: told,
    eventCallbackUrl: told,
    record: differs('do-not-record alone'),
    recordingStatusCallback: told,
    recordingStatusCallbackMethod: told,
    recordingStatusCallbackEvent: told,
    trim: refused('nothing is recorded yet'),
    coach: refused('a whisper is set by the API'),
    region: refused('a room is where its first caller is'),
    participantLabel: refused('a participant is named by the session and the leg'),
  },
  Connect: {},
  Start: {},
  Stream: { url: same, name: same, track: differs('it is passed over'), statusCallback: told },
  Transcription: {
    languageCode: same,
    name: differs('it is passed over'),
    track: differs('it is passed over'),
    statusCallbackUrl: told,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, AttributeRule>>>>;
