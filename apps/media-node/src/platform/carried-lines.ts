import type { RelayLine } from '@patchbay/domain/sessions/relay-line';
import type { RelayEvent } from '../relay/platform.ts';
import type { SessionLine } from './node-link.ts';
import { lineOf } from './relay-lines.ts';
import { Repeats } from './repeats.ts';

const REFUSAL_WINDOW_MS = 10_000;

export interface CarriedLinesOptions {
  readonly relayNodeId: () => string;
  readonly carry: (line: SessionLine) => void;
}

/** The lines that a relay adds to the logs of calls: signaling holds those, numbers the lines and says whose they are. */
export class CarriedLines {
  readonly #options: CarriedLinesOptions;
  readonly #refusals = new Repeats<SessionLine>({
    windowMs: REFUSAL_WINDOW_MS,
    countMax: 10_000,
    countPerOwnerMax: 100,
  });

  constructor(options: CarriedLinesOptions) {
    this.#options = options;
  }

  /** Takes an event of an allocation whose credential names the session. */
  hear(event: RelayEvent, sessionId: string): void {
    const line = lineOf(event, { relayNodeId: this.#options.relayNodeId() });
    if (line === undefined) return;
    const { accountId, credentialId, credentialPrefixIds = [credentialId] } = event.grant;
    const head = { sessionId, accountId, credentialIds: [...credentialPrefixIds] };
    const carried: SessionLine = { ...head, atMs: Math.floor(event.atMs), line };
    if (line.type !== 'allocation.refused') {
      this.#options.carry(carried);
      return;
    }
    const key = `${sessionId}\n${accountId}\n${line.data.code}`;
    const first = () => {
      this.#options.carry(carried);
      return carried;
    };
    this.#refusals.note(key, accountId, { nowMs: carried.atMs, first });
  }

  /** What was refused again meanwhile is said once. */
  tick(nowMs: number): void {
    for (const { kept, repeatCount } of this.#refusals.over(nowMs))
      this.#options.carry({
        ...kept,
        atMs: Math.floor(nowMs),
        line: withRepeats(kept.line, repeatCount),
      });
  }
}

const withRepeats = (line: RelayLine, repeatCount: number): RelayLine =>
  line.type === 'allocation.refused' ? { ...line, data: { ...line.data, repeatCount } } : line;
