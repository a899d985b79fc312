import { advance, type DialStatus, type LogicEffect, type LogicOutcome, startRun } from './interpreter.ts';
import type { SoundOrder, SoundResult } from './sound-order.ts';
import type { LogicDocument, VerbName } from './verbs.ts';

/** What a step counts, by the meters that would count it. */
interface DryMeter {
  readonly service: string;
  readonly meter: string;
  readonly quantity: number;
  readonly unit: string;
  readonly per: 'step' | 'minute';
}

export interface DryStep {
  readonly index: number;
  readonly verb: VerbName;
  readonly detail: string;
  readonly meters: readonly DryMeter[];
}

export interface DryRun {
  readonly steps: readonly DryStep[];
  /** How it ends, in a sentence. */
  readonly outcome: string;
}

/** Where a document would come from that is looked at without being fetched. */
const NOWHERE = 'https://logic.invalid/';
const MINUTE_MS = 60_000;

const fetched: DryMeter = { service: 'logic', meter: 'fetches', quantity: 1, unit: 'count', per: 'step' };
/** Of a party, for as long as it is in the call. */
const connected: DryMeter = {
  service: 'signaling',
  meter: 'connectedMs',
  quantity: MINUTE_MS,
  unit: 'millisecond',
  per: 'minute',
};

/** Of whoever is in a room, for as long as they are. */
const participating: DryMeter = {
  service: 'conferencing',
  meter: 'participantMs',
  quantity: MINUTE_MS,
  unit: 'millisecond',
  per: 'minute',
};

/**
 * Carries out one document by the machine that carries out all of them. Whatever it dials has one fate; where it names another
 * document, it is over, for that one is not fetched.
 */
export function dryRun(document: LogicDocument, dialStatus: DialStatus | 'answered'): DryRun {
  const steps: DryStep[] = [];
  let isConnected = false;
  let nowMs = 0;
  let [run] = startRun(NOWHERE, {}, nowMs);
  let waiting: readonly LogicEffect[] = note(
    advance(run, { type: 'fetched', document, url: NOWHERE }, nowMs),
  );

  function note([next, effects]: ReturnType<typeof advance>): readonly LogicEffect[] {
    run = next;
    for (const effect of effects) {
      if (effect.type !== 'step') continue;
      const { index, verb, detail } = effect;
      const connects = !isConnected && connectsBy(verb, dialStatus);
      isConnected ||= connects;
      steps.push({ index, verb, detail, meters: metersOf(verb, connects) });
    }
    return effects;
  }

  for (;;) {
    const ended = waiting.find((effect) => effect.type === 'end');
    if (ended !== undefined) return { steps, outcome: sentenceOf(ended.outcome) };
    const next = waiting.find((effect) => effect.type === 'fetch');
    if (next !== undefined)
      return { steps, outcome: `It goes on with the document at ${next.url.replace(NOWHERE, '/')}.` };
    if (run.state === 'connected') return { steps, outcome: 'The call goes on with whoever answered.' };
    if (run.state === 'dialling')
      waiting = note(
        advance(
          run,
          dialStatus === 'answered' ? { type: dialStatus } : { type: 'unanswered', status: dialStatus },
          nowMs,
        ),
      );
    else if (run.state === 'answering') waiting = note(advance(run, { type: 'selfAnswered' }, nowMs));
    else if (run.state === 'sounding') {
      const number = run.sounding?.number ?? 0;
      const result = resultOf(run.sounding?.order);
      waiting = note(advance(run, { type: 'sounded', number, result }, nowMs));
    } else {
      nowMs = run.untilMs ?? nowMs;
      waiting = note(advance(run, { type: 'elapsed' }, nowMs));
    }
  }
}

/** Nobody presses a key, and a room ends at some time. */
function resultOf(order: SoundOrder | undefined): SoundResult {
  if (order?.kind === 'gather') return { kind: 'gathered', digits: '' };
  return order?.kind === 'conference' ? { kind: 'left', how: 'ended' } : { kind: 'done' };
}

const connectsBy = (verb: VerbName, dialStatus: DialStatus | 'answered'): boolean =>
  isAnswering(verb) || (verb === 'dial' && dialStatus === 'answered');

const isAnswering = (verb: VerbName): boolean =>
  verb === 'say' || verb === 'play' || verb === 'gather' || verb === 'conference';

function metersOf(verb: VerbName, connects: boolean): readonly DryMeter[] {
  if (verb === 'redirect') return [fetched];
  return [...(connects ? [connected] : []), ...(verb === 'conference' ? [participating] : [])];
}

function sentenceOf(outcome: LogicOutcome): string {
  switch (outcome.kind) {
    case 'hungUp':
      return 'The document hangs up.';
    case 'rejected':
      return outcome.reason === 'busy' ? 'The call is refused: busy.' : 'The call is refused.';
    case 'done':
      return 'The document is at its end, and nobody answered: the call ends.';
    case 'failed':
      return `It fails: ${outcome.detail}`;
  }
}
