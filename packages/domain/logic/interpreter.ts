import { logicLimits } from './limits.ts';
import { orderOf, type SoundOrder, type SoundResult, type SoundVerb } from './sound-order.ts';
import { isTooMuch, readText, type Variables, valueIn } from './variables.ts';
import { type LogicDocument, type LogicVerb, unavailableVerbs, type VerbName, type VerbOf } from './verbs.ts';

/** Why nobody answered what was dialled. */
export type DialStatus = 'unreachable' | 'rejected' | 'busy' | 'no_answer';
export type LogicFailure =
  | 'unreachable'
  | 'invalid'
  | 'verb_unavailable'
  | 'limit_reached'
  /** Nobody of the platform's own could answer. */
  | 'media_unavailable'
  /** The room is mixed by another media node than the one that answered. */
  | 'room_elsewhere';

export type LogicInput =
  /** `url`: where it came from in the end, against which its own addresses are read. */
  | { readonly type: 'fetched'; readonly document: LogicDocument; readonly url: string }
  | { readonly type: 'fetchFailed'; readonly failure: LogicFailure; readonly detail: string }
  | { readonly type: 'unanswered'; readonly status: DialStatus }
  | { readonly type: 'answered' }
  /** A leg of the platform's own is the party that was called. */
  | { readonly type: 'selfAnswered' }
  | { readonly type: 'selfRefused'; readonly failure: LogicFailure; readonly detail: string }
  | { readonly type: 'sounded'; readonly number: number; readonly result: SoundResult }
  /** Somebody who may sends the call on: this document takes the place of what runs (LIV-1). */
  | { readonly type: 'redirected'; readonly url: string }
  /** The call goes to somebody of whom no document decides: nothing of it runs any more. */
  | { readonly type: 'handedOver' }
  /** Time has passed: to be said at {@link nextDeadlineMs}, and harmless at any other time. */
  | { readonly type: 'elapsed' };

export type LogicEffect =
  /** To be answered with `fetched` or `fetchFailed`. */
  | { readonly type: 'fetch'; readonly url: string }
  /** To be answered with `answered`, or with `unanswered` when nobody rings any more. */
  | { readonly type: 'ring'; readonly endpoints: readonly string[] }
  | { readonly type: 'stopRinging' }
  /** To be answered with `selfAnswered` or `selfRefused`. */
  | { readonly type: 'answer' }
  /** For the leg that answered; to be answered with `sounded` and this number. */
  | { readonly type: 'sound'; readonly number: number; readonly order: SoundOrder }
  | { readonly type: 'message'; readonly text: string; readonly to: string | undefined }
  | ({ readonly type: 'relay' } & Omit<VerbOf<'relay'>, 'verb' | 'when'>)
  | { readonly type: 'trigger'; readonly seconds: number; readonly action: 'end' | 'notify' }
  /** A verb begins. `index`: its place in the document, from 0. */
  | { readonly type: 'step'; readonly index: number; readonly verb: VerbName; readonly detail: string }
  | { readonly type: 'end'; readonly outcome: LogicOutcome };

export type LogicOutcome =
  | { readonly kind: 'hungUp'; readonly reason: string | undefined }
  | { readonly kind: 'rejected'; readonly reason: 'rejected' | 'busy' }
  /** It is at its end, and nobody answered. */
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: LogicFailure; readonly detail: string };

interface Dialling {
  readonly groups: readonly (readonly string[])[];
  readonly groupMs: number;
  readonly secondsMax: number | undefined;
  readonly next: string | undefined;
}

interface Sounding {
  readonly number: number;
  readonly order: SoundOrder;
  readonly next: string | undefined;
}

/** One run of application logic. It is plain data: whoever holds the session keeps it with it, and goes on after a crash. */
export interface LogicRun {
  readonly state: 'fetching' | 'dialling' | 'pausing' | 'answering' | 'sounding' | 'connected' | 'ended';
  /** What is being fetched, or where the document came from. */
  readonly url: string;
  readonly verbs: readonly LogicVerb[];
  /** The verb that comes next. */
  readonly index: number;
  readonly variables: Variables;
  readonly dialling: Dialling | undefined;
  /** What the leg that answers is to do, or does. */
  readonly sounding: Sounding | undefined;
  /** The document answered the call itself: there is no way back to ringing. */
  readonly isAnswered: boolean;
  /** When a pause or a turn of ringing is over. */
  readonly untilMs: number | undefined;
  readonly startedAtMs: number;
  readonly stepCount: number;
  readonly documentCount: number;
  readonly documentsInARow: number;
}

export type LogicStep = readonly [run: LogicRun, effects: readonly LogicEffect[]];

/** A run begins by asking for its document, wherever the platform says that it is: that of a magic endpoint is on no server. */
export function startRun(url: string, variables: Variables, nowMs: number): LogicStep {
  const href = URL.parse(url)?.href ?? url;
  const run: LogicRun = {
    state: 'fetching',
    url: href,
    verbs: [],
    index: 0,
    variables,
    dialling: undefined,
    sounding: undefined,
    isAnswered: false,
    untilMs: undefined,
    startedAtMs: nowMs,
    stepCount: 0,
    documentCount: 1,
    documentsInARow: 1,
  };
  return [run, [{ type: 'fetch', url: href }]];
}

/** When `elapsed` has something to do. */
export function nextDeadlineMs(run: LogicRun): number | undefined {
  if (run.state === 'connected' || run.state === 'ended') return undefined;
  return Math.min(run.untilMs ?? Number.POSITIVE_INFINITY, run.startedAtMs + lastsMsMaxOf(run));
}

const lastsMsMaxOf = ({ isAnswered }: LogicRun): number =>
  isAnswered ? logicLimits.answeredLastsMsMax : logicLimits.lastsMsMax;

/**
 * Application logic without sockets and clock: what happened and the time go in, what is to be done comes out. An input that
 * does not fit the state changes nothing, so events may cross each other on their way.
 */
export function advance(run: LogicRun, input: LogicInput, nowMs: number): LogicStep {
  if (run.state === 'ended' || run.state === 'connected') return [run, []];
  const lastsMsMax = lastsMsMaxOf(run);
  if (nowMs - run.startedAtMs >= lastsMsMax)
    return fail(
      run,
      'limit_reached',
      `It took longer than ${lastsMsMax / 1_000} seconds${run.isAnswered ? '' : ' to answer'}.`,
    );
  switch (input.type) {
    case 'fetched':
      return run.state === 'fetching' ? begin(run, input, nowMs) : [run, []];
    case 'fetchFailed':
      return run.state === 'fetching' ? fail(run, input.failure, input.detail) : [run, []];
    case 'answered':
      return run.state === 'dialling' ? answered(run) : [run, []];
    case 'unanswered':
      return run.state === 'dialling' ? ringNext(run, { status: input.status, nowMs }) : [run, []];
    case 'selfAnswered':
      return run.state === 'answering' ? selfAnswered(run) : [run, []];
    case 'selfRefused':
      return run.state === 'answering' ? fail(run, input.failure, input.detail) : [run, []];
    case 'sounded':
      return run.state === 'sounding' && run.sounding?.number === input.number
        ? sounded(run, { sounding: run.sounding, result: input.result, nowMs })
        : [run, []];
    case 'redirected':
      return redirected(run, input.url);
    case 'handedOver':
      return [
        { ...run, state: 'connected', dialling: undefined, sounding: undefined, untilMs: undefined },
        [],
      ];
    case 'elapsed':
      return elapsed(run, nowMs);
  }
}

/** The first verb of a document that nothing can carry out, by its place and name. */
export function unavailableIn({ verbs }: Pick<LogicDocument, 'verbs'>): string | undefined {
  let isAnswered = false;
  for (const [index, verb] of verbs.entries()) {
    const missing = missingFor(verb) ?? (isAnswered && verb.verb === 'dial' ? afterAnswer : undefined);
    if (missing !== undefined) return `/verbs/${index}: ${verb.verb} cannot be carried out: ${missing}.`;
    isAnswered ||= isSound(verb) && verb.when === undefined;
  }
  return undefined;
}

const afterAnswer = 'the document has answered the call itself by then';

/** What a verb needs that is not there. */
function missingFor(verb: LogicVerb): string | undefined {
  if (verb.verb === 'gather' && (verb.input ?? 'keys') !== 'keys')
    return 'it needs a service that understands speech';
  return unavailableVerbs[verb.verb];
}

const isSound = (verb: LogicVerb): verb is SoundVerb =>
  verb.verb === 'say' || verb.verb === 'play' || verb.verb === 'gather' || verb.verb === 'conference';

function begin(
  run: LogicRun,
  { document, url }: Extract<LogicInput, { type: 'fetched' }>,
  nowMs: number,
): LogicStep {
  const unavailable = unavailableIn(document);
  if (unavailable !== undefined) return fail(run, 'verb_unavailable', unavailable);
  const variables = { ...document.variables, ...run.variables };
  if (isTooMuch(variables)) return fail(run, 'limit_reached', 'The variables of a call hold too much.');
  return runOn({ ...run, url, verbs: document.verbs, index: 0, variables }, nowMs);
}

/** Verbs are carried out one after the other, up to one that has to be waited for. */
function runOn(from: LogicRun, nowMs: number): LogicStep {
  const effects: LogicEffect[] = [];
  let run = from;
  for (let verb = run.verbs[run.index]; verb !== undefined; verb = run.verbs[run.index]) {
    if (run.stepCount >= logicLimits.stepCountMax) {
      const detail = `A call has at most ${logicLimits.stepCountMax} steps.`;
      return end(run, { kind: 'failed', failure: 'limit_reached', detail }, effects);
    }
    const { index } = run;
    run = { ...run, index: index + 1, stepCount: run.stepCount + 1 };
    if (!isWanted(verb, run.variables)) continue;
    const [next, done] = carryOut(run, verb, nowMs);
    run = next;
    effects.push({ type: 'step', index, verb: verb.verb, detail: detailOf(verb, run.variables) }, ...done);
    if (isWaiting(run)) return [run, effects];
  }
  return end(run, run.isAnswered ? { kind: 'hungUp', reason: undefined } : { kind: 'done' }, effects);
}

const isWaiting = ({ state, untilMs }: LogicRun): boolean =>
  state === 'ended' ||
  state === 'dialling' ||
  state === 'answering' ||
  state === 'sounding' ||
  (state === 'pausing' && untilMs !== undefined) ||
  state === 'fetching';

const isWanted = ({ when = {} }: LogicVerb, variables: Variables): boolean =>
  Object.entries(when).every(([name, value]) => valueIn(variables, name) === value);

function carryOut(before: LogicRun, verb: LogicVerb, nowMs: number): LogicStep {
  const run: LogicRun = { ...before, state: 'pausing', untilMs: undefined };
  const { variables } = run;
  switch (verb.verb) {
    case 'set': {
      const values = Object.entries(verb.values).map(([name, value]) => [name, readText(value, variables)]);
      const known = { ...variables, ...Object.fromEntries(values) };
      return isTooMuch(known)
        ? fail(run, 'limit_reached', 'The variables of a call hold too much.')
        : [{ ...run, variables: known }, []];
    }
    case 'pause':
      return [{ ...run, untilMs: nowMs + verb.seconds * 1_000, documentsInARow: 0 }, []];
    case 'message': {
      const to = verb.to === undefined ? undefined : readText(verb.to, variables);
      return [run, [{ type: 'message', text: readText(verb.text, variables), to }]];
    }
    case 'relay': {
      const { verb: _verb, when: _when, ...relay } = verb;
      return [run, [{ type: 'relay', ...relay }]];
    }
    case 'trigger':
      return [run, [{ type: 'trigger', seconds: verb.seconds, action: verb.action }]];
    case 'dial':
      return run.isAnswered
        ? fail(run, 'verb_unavailable', `dial cannot be carried out: ${afterAnswer}.`)
        : dial(run, verb, nowMs);
    case 'say':
    case 'play':
    case 'gather':
    case 'conference':
      return sound(run, verb);
    case 'redirect':
      return fetchNext(run, readText(verb.url, variables));
    case 'reject':
      return end(
        run,
        run.isAnswered
          ? { kind: 'hungUp', reason: undefined }
          : { kind: 'rejected', reason: verb.reason ?? 'rejected' },
      );
    case 'hangup':
      return end(run, { kind: 'hungUp', reason: verb.reason && readText(verb.reason, variables) });
    default:
      // It was looked for before anything ran.
      return fail(run, 'verb_unavailable', `${verb.verb} cannot be carried out: ${missingFor(verb)}.`);
  }
}

function dial(run: LogicRun, verb: VerbOf<'dial'>, nowMs: number): LogicStep {
  const endpoints = [verb.to].flat().map((to) => readText(to, run.variables));
  const sizes = { all: endpoints.length, one: 1, some: verb.atOnce ?? 2 };
  const size = sizes[verb.ring ?? 'all'];
  const groups = endpoints.flatMap((_, at) => (at % size === 0 ? [endpoints.slice(at, at + size)] : []));
  const dialling: Dialling = {
    groups,
    groupMs: (verb.timeoutSeconds ?? DIAL_SECONDS) * 1_000,
    secondsMax: verb.secondsMax,
    next: verb.next,
  };
  return ringNext({ ...run, state: 'dialling', dialling }, { status: 'unreachable', nowMs });
}

/** As long as a call rings that no logic is asked for. */
const DIAL_SECONDS = 45;

/** The next group rings; behind the last, nobody answered. */
function ringNext(
  run: LogicRun,
  { status, nowMs }: { readonly status: DialStatus; readonly nowMs: number },
): LogicStep {
  const { dialling } = run;
  if (dialling === undefined) return [run, []];
  const [group, ...groups] = dialling.groups;
  if (group !== undefined) {
    const untilMs = nowMs + dialling.groupMs;
    return [{ ...run, dialling: { ...dialling, groups }, untilMs }, [{ type: 'ring', endpoints: group }]];
  }
  // Where nobody could be rung, no time passed: such a document may send in circles.
  const documentsInARow = status === 'unreachable' ? run.documentsInARow : 0;
  const variables = { ...run.variables, dialStatus: status };
  const over: LogicRun = {
    ...run,
    state: 'pausing',
    dialling: undefined,
    untilMs: undefined,
    documentsInARow,
    variables,
  };
  return dialling.next === undefined
    ? runOn(over, nowMs)
    : fetchNext(over, readText(dialling.next, variables));
}

function answered(run: LogicRun): LogicStep {
  const { secondsMax } = run.dialling ?? {};
  const connected: LogicRun = {
    ...run,
    state: 'connected',
    dialling: undefined,
    untilMs: undefined,
    variables: { ...run.variables, dialStatus: 'answered' },
  };
  return [
    connected,
    secondsMax === undefined ? [] : [{ type: 'trigger', seconds: secondsMax, action: 'end' }],
  ];
}

/** The first sound answers the call. */
function sound(run: LogicRun, verb: SoundVerb): LogicStep {
  const order = orderOf(verb, { variables: run.variables, base: run.url });
  if ('problem' in order) return fail(run, 'invalid', order.problem);
  const number = run.stepCount;
  const next = verb.verb === 'gather' || verb.verb === 'conference' ? verb.next : undefined;
  const sounding: Sounding = { number, order, next };
  // Somebody hears something between two documents.
  const asked: LogicRun = { ...run, sounding, documentsInARow: 0 };
  return run.isAnswered
    ? [{ ...asked, state: 'sounding' }, [{ type: 'sound', number, order }]]
    : [{ ...asked, state: 'answering' }, [{ type: 'answer' }]];
}

function selfAnswered(run: LogicRun): LogicStep {
  const { sounding } = run;
  if (sounding === undefined) return [run, []];
  const { number, order } = sounding;
  return [{ ...run, state: 'sounding', isAnswered: true }, [{ type: 'sound', number, order }]];
}

/** How a room was left goes into `roomStatus`. Keys go into `digits`, and to the address that a gather names; where nobody pressed one, the verbs behind it run. */
function sounded(
  run: LogicRun,
  {
    sounding: { next },
    result,
    nowMs,
  }: { readonly sounding: Sounding; readonly result: SoundResult; readonly nowMs: number },
): LogicStep {
  const over: LogicRun = { ...run, state: 'pausing', sounding: undefined };
  if (result.kind === 'failed') return fail(over, result.failure, result.detail);
  if (result.kind === 'done') return runOn(over, nowMs);
  if (result.kind === 'left') {
    const left: LogicRun = { ...over, variables: { ...run.variables, roomStatus: result.how } };
    return next === undefined ? runOn(left, nowMs) : fetchNext(left, readText(next, left.variables));
  }
  const { digits } = result;
  const gathered: LogicRun = { ...over, variables: { ...run.variables, digits } };
  return digits === '' || next === undefined
    ? runOn(gathered, nowMs)
    : fetchNext(gathered, readText(next, gathered.variables));
}

/** What rings stops to, and what is asked for is not waited for. */
function redirected(run: LogicRun, url: string): LogicStep {
  const [next, effects] = fetchNext({ ...run, sounding: undefined, documentsInARow: 0 }, url);
  return [next, run.state === 'dialling' ? [{ type: 'stopRinging' }, ...effects] : effects];
}

function elapsed(run: LogicRun, nowMs: number): LogicStep {
  if (run.untilMs === undefined || nowMs < run.untilMs) return [run, []];
  if (run.state === 'pausing') return runOn({ ...run, untilMs: undefined }, nowMs);
  const [next, effects] = ringNext(run, { status: 'no_answer', nowMs });
  return [next, [{ type: 'stopRinging' }, ...effects]];
}

function fetchNext(run: LogicRun, reference: string): LogicStep {
  const url = URL.parse(reference, run.url);
  if (url === null || !/^https?:$/.test(url.protocol))
    return fail(run, 'invalid', `${JSON.stringify(reference.slice(0, 200))} is no address of a document.`);
  if (run.documentsInARow >= logicLimits.documentsInARowMax)
    return fail(
      run,
      'limit_reached',
      `${logicLimits.documentsInARowMax} documents in a row only named another one.`,
    );
  if (run.documentCount >= logicLimits.documentCountMax)
    return fail(run, 'limit_reached', `A call has at most ${logicLimits.documentCountMax} documents.`);
  const fetching: LogicRun = {
    ...run,
    state: 'fetching',
    url: url.href,
    verbs: [],
    index: 0,
    dialling: undefined,
    untilMs: undefined,
    documentCount: run.documentCount + 1,
    documentsInARow: run.documentsInARow + 1,
  };
  return [fetching, [{ type: 'fetch', url: url.href }]];
}

const fail = (run: LogicRun, failure: LogicFailure, detail: string): LogicStep =>
  end(run, { kind: 'failed', failure, detail });

const end = (run: LogicRun, outcome: LogicOutcome, before: readonly LogicEffect[] = []): LogicStep => [
  { ...run, state: 'ended', verbs: [], dialling: undefined, sounding: undefined, untilMs: undefined },
  [...before, { type: 'end', outcome }],
];

/** What a person reads of a step. */
function detailOf(verb: LogicVerb, variables: Variables): string {
  const said = (text: string) => readText(text, variables).slice(0, 200);
  switch (verb.verb) {
    case 'dial':
      return [verb.to].flat().map(said).join(', ').slice(0, 400);
    case 'redirect':
      return said(verb.url);
    case 'pause':
      return `${verb.seconds} s`;
    case 'say':
      return said(verb.text);
    case 'play':
      return said(verb.url);
    case 'gather':
      return verb.digitsMax === undefined ? 'keys' : `up to ${verb.digitsMax} keys`;
    case 'conference':
      return said(verb.name);
    case 'message':
      return said(verb.to ?? 'caller');
    case 'set':
      return Object.keys(verb.values).join(', ').slice(0, 400);
    case 'relay':
      return verb.use ?? 'allow';
    case 'trigger':
      return `${verb.action} after ${verb.seconds} s`;
    case 'reject':
    case 'hangup':
      return verb.reason ?? '';
    default:
      return '';
  }
}
