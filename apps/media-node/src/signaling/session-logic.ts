import type { LogicEffect, LogicRun } from '@patchbay/domain/logic/interpreter';

/** What the logic of the called endpoint has to do with a session. Plain data: it is saved with it, and goes on after a crash. */
export interface SessionLogic {
  /** Whose endpoint was called: its document reaches no further than this account (C34). */
  readonly accountId: string;
  /** That account and those above it, nearest first. A process of the release before saved none. */
  readonly accountPath?: readonly string[];
  readonly endpoint: string;
  run: LogicRun;
  /** Whoever rings by its word, each with a leg of its own. */
  legs: readonly DialledLeg[];
  relay: RelayRule;
  triggers: readonly { readonly seconds: number; readonly action: 'end' | 'notify'; hasFired: boolean }[];
}

interface DialledLeg {
  readonly legId: string;
  readonly accountId: string;
  readonly connectionIds: readonly string[];
}

type RelayRule = Omit<Extract<LogicEffect, { type: 'relay' }>, 'type'>;
