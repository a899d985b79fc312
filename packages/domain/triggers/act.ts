import type { PolicyWord } from '../policy/policy-level.ts';
import type { Action } from './definition.ts';
import { heldOf, isPartOfAccount, partOf, type TriggerRule } from './trigger.ts';
import { heldUntilMs, isTooLate, type Window, windowOf } from './window.ts';

/** A firing whose action is to be done, as the outbox gives it out. */
export interface DueFiring {
  readonly id: string;
  /** What was to be done when it fired. */
  readonly action: Action;
  readonly windowStartMs: number;
  readonly value: string;
  /** The last session that was told to end. */
  readonly progress: string;
  /** As the trigger stands now. */
  readonly rule: TriggerRule;
  /** Whether there still is one, and nobody let it begin anew since. */
  readonly isCurrent: boolean;
  /** Whether who set it still stands above its target. */
  readonly reaches: boolean;
}

export interface ActPorts {
  /**
   * 'unchanged' where who set the trigger has suspended it already, or it is closed. 'was_suspended': somebody else had, and
   * it stays so until both take that back.
   */
  suspend(due: DueFiring): Promise<'suspended' | 'was_suspended' | 'unchanged'>;
  /** Sessions of the target that run, in the order of their ids. */
  openSessions(due: DueFiring, limit: number): Promise<readonly string[]>;
  endSession(due: DueFiring, sessionId: string): Promise<void>;
  /** Holds an account or an application to a configuration. */
  hold(
    due: DueFiring,
    hold: {
      readonly service: string;
      readonly config: Readonly<Record<string, unknown>>;
      readonly untilMs: number | undefined;
    },
  ): Promise<void>;
  /** Holds whatever the target is to a policy, as an account above would. */
  holdPolicy(
    due: DueFiring,
    hold: { readonly values: PolicyWord['values']; readonly untilMs: number | undefined },
  ): Promise<void>;
  /** Turns a service, or one feature of it, off for the target. */
  disable(
    due: DueFiring,
    off: ({ readonly service: string } | { readonly feature: string }) & {
      readonly untilMs: number | undefined;
    },
  ): Promise<void>;
  /** 'unknown' where the address is not, or no longer, that of somebody in the team of who set the trigger. */
  writeMail(due: DueFiring, address: string): Promise<'written' | 'unknown' | 'unavailable'>;
  /** How the webhook that is called stands: undefined where there is none any more. */
  webhookState(due: DueFiring, webhookId: string): Promise<'active' | 'disabled' | undefined>;
  /** In the log of the target: done by the trigger (ACC-8). */
  audit(due: DueFiring, after: Readonly<Record<string, unknown>>): Promise<void>;
}

export type ActOutcome =
  | { readonly state: 'done' | 'skipped'; readonly said: string }
  /** There is more to do than one transaction should. */
  | { readonly state: 'pending'; readonly progress: string; readonly said: string };

/** Sessions ended in one transaction: each is a message to the nodes. */
const SESSION_COUNT_MAX = 200;

/**
 * Does what a trigger is for, in the transaction in which its firing is taken out of the outbox: both are kept or neither,
 * so it is done once, whenever a process dies. What is no longer to be done says why.
 */
export async function actOn(due: DueFiring, ports: ActPorts, nowMs: number): Promise<ActOutcome> {
  const { rule, action, windowStartMs } = due;
  // The call is a delivery of the event that was written with the firing: it is on its way, whatever became of the trigger since.
  if (action.kind === 'callback')
    return called(action.webhookId, await ports.webhookState(due, action.webhookId));
  if (!due.isCurrent)
    return { state: 'skipped', said: 'The trigger was changed, turned off or removed since.' };
  if (!due.reaches)
    return { state: 'skipped', said: 'The account no longer stands below the one that set this.' };
  const window = windowOf(rule.condition, rule.timeZone, windowStartMs);
  if (isTooLate(window, nowMs))
    return { state: 'skipped', said: 'The usage came long after its window was over.' };
  switch (action.kind) {
    case 'notify':
      return { state: 'done', said: 'It was told.' };
    case 'email': {
      const outcome = await ports.writeMail(due, action.address);
      if (outcome === 'written') return { state: 'done', said: 'It was written.' };
      return {
        state: 'skipped',
        said:
          outcome === 'unavailable'
            ? 'No mail leaves this platform.'
            : 'Nobody in the team has this address any more.',
      };
    }
    case 'suspend': {
      const outcome = await ports.suspend(due);
      if (outcome === 'unchanged') return { state: 'skipped', said: 'The account was not active any more.' };
      return {
        state: 'done',
        said:
          outcome === 'suspended'
            ? 'The account was suspended.'
            : 'The account was suspended already, and now stays so until this is taken back as well.',
      };
    }
    case 'throttle': {
      const config = { bitsPerSecondMax: action.bitsPerSecondMax };
      return await hold(
        { due, ports, nowMs, window },
        {
          put: (untilMs) =>
            isPartOfAccount(due.rule.target)
              ? ports.holdPolicy(due, { values: config, untilMs })
              : ports.hold(due, { service: 'network-discovery', config, untilMs }),
          said: `It is held to ${action.bitsPerSecondMax} bit/s`,
        },
      );
    }
    case 'disableService': {
      const { service } = action;
      return await hold(
        { due, ports, nowMs, window },
        {
          put: (untilMs) => ports.disable(due, { service, untilMs }),
          said: `${service} is turned off`,
        },
      );
    }
    case 'disableFeature': {
      const { feature } = action;
      return await hold(
        { due, ports, nowMs, window },
        {
          put: (untilMs) => ports.disable(due, { feature, untilMs }),
          said: `${feature} is turned off`,
        },
      );
    }
    case 'endSessions': {
      const ids = await ports.openSessions(due, SESSION_COUNT_MAX);
      for (const sessionId of ids) await ports.endSession(due, sessionId);
      const last = ids.at(-1);
      const { nodeId } = action;
      const whose = nodeId === undefined ? 'Its' : `The node's`;
      const noted = { endedSessionCount: ids.length, ...(nodeId === undefined ? {} : { nodeId }) };
      if (last !== undefined) await ports.audit(due, noted);
      if (last === undefined || ids.length < SESSION_COUNT_MAX)
        return {
          state: 'done',
          said: last === undefined ? 'No session ran any more.' : `${whose} sessions were told to end.`,
        };
      return { state: 'pending', progress: last, said: 'Sessions are being told to end.' };
    }
  }
}

function called(webhookId: string, state: 'active' | 'disabled' | undefined): ActOutcome {
  if (state === 'active')
    return { state: 'done', said: `It was handed to ${webhookId}, whose log says what came of it.` };
  return {
    state: 'skipped',
    said: state === undefined ? `${webhookId} was removed.` : `${webhookId} is disabled.`,
  };
}

interface Held {
  readonly put: (untilMs: number | undefined) => Promise<void>;
  readonly said: string;
}

/** Holds the target to something until the window ends, or where it never does, until the trigger begins anew. */
async function hold(
  {
    due,
    ports,
    nowMs,
    window,
  }: {
    readonly due: DueFiring;
    readonly ports: ActPorts;
    readonly nowMs: number;
    readonly window: Window;
  },
  { put, said }: Held,
): Promise<ActOutcome> {
  const untilMs = heldUntilMs(due.rule.condition, window);
  if (untilMs !== undefined && untilMs <= nowMs)
    return { state: 'skipped', said: 'Its window, to whose end it would have been held, is over.' };
  await put(untilMs);
  const until = untilMs === undefined ? undefined : new Date(untilMs).toISOString();
  const { target } = due.rule;
  await ports.audit(due, {
    ...partOf(target),
    ...heldOf(due.action),
    ...(until === undefined ? {} : { until }),
  });
  const done = [said, ...Object.values(partOf(target)).map((id) => `for ${id}`)].join(' ');
  return { state: 'done', said: until === undefined ? `${done}.` : `${done} until ${until}.` };
}
