import { type Budget, budgetsOf, decide, type PolicyRefusal, type SpentBudget } from './decide.ts';
import { calendarWindow } from './local-time.ts';
import type { PolicyChain } from './policy-level.ts';
import { type CountedOver, type CountedSettingName, settings } from './settings.ts';
import type { UsedUp } from './used-up.ts';

/** A request as it was made, from the log of the session that came of it. */
export interface PastRequest {
  readonly sessionId: string;
  readonly accountId: string;
  readonly atMs: number;
  /** Absent while the session runs. */
  readonly endedAtMs?: number | undefined;
  readonly service: string;
  readonly region?: string | undefined;
  readonly sourceIp?: string | undefined;
  readonly mediaKinds: readonly string[];
  readonly features?: readonly string[] | undefined;
  readonly country?: string | undefined;
  readonly deviceKind?: string | undefined;
  readonly codecs?: readonly (readonly string[])[] | undefined;
  readonly participantCount?: number | undefined;
  /** The code with which it was refused then. */
  readonly refusedWith?: string | undefined;
}

export interface Replay<Request extends PastRequest = PastRequest> {
  /** What a chain of today would have decided then, in the order of the requests. */
  readonly refused: readonly { readonly request: Request; readonly refusal: PolicyRefusal }[];
  readonly requestCount: number;
}

const MINUTE_MS = 60_000;

/**
 * Decides past requests by the levels given for each (POL-2), in the order of their time. What is refused here does not
 * count, as it would not have begun; usage counts as it was, whoever caused it. `usedUp` is of every budget of the chains
 * that is one of usage.
 */
export function replay<Request extends PastRequest>(
  requests: readonly Request[],
  {
    chainOf,
    usedUp = [],
  }: {
    readonly chainOf: (request: Request) => PolicyChain;
    readonly usedUp?: readonly UsedUp[];
  },
): Replay<Request> {
  const counted = new Counted(usedUp);
  const ordered = [...requests].sort((one, other) => one.atMs - other.atMs);
  const refused = ordered.flatMap((request) => {
    const chain = chainOf(request);
    const spent = counted.spentBy(chain, request.atMs);
    const decision = decide(chain, { ...request, verifier: verifierOf(request.service), spent });
    if (decision.kind === 'refused') return [{ request, refusal: decision }];
    counted.add(chain, request);
    return [];
  });
  return { refused, requestCount: ordered.length };
}

/** Where a session of a service begins. */
const verifierOf = (service: string) => (service === 'signaling' ? 'signaling' : 'relay');

const countsOf = (setting: CountedSettingName): CountedOver => settings[setting].counts;

/** Counts as the platform does while it happens, from the past: see `policy_claim` in the migrations. */
class Counted {
  /** By setting and scope: when what runs ends, when what began began, or how many began in the day that holds it. */
  readonly #ends = new Map<string, number[]>();
  readonly #starts = new Map<string, number[]>();
  readonly #days = new Map<string, number>();
  readonly #usedUp: ReadonlyMap<string, readonly UsedUp[]>;

  constructor(usedUp: readonly UsedUp[]) {
    this.#usedUp = Map.groupBy(usedUp, usageKeyOf);
  }

  spentBy(chain: PolicyChain, atMs: number): readonly SpentBudget[] {
    return budgetsOf(chain).flatMap((budget): readonly SpentBudget[] => {
      const { setting, scope, max, timeZone } = budget;
      if (countsOf(setting).what === 'usage') {
        const isNow = ({ fromMs, untilMs }: UsedUp) => fromMs <= atMs && atMs < untilMs;
        const found = this.#usedUp.get(usageKeyOf(budget))?.find(isNow);
        if (found === undefined) return [];
        const resets = Number.isFinite(found.untilMs) ? { resetsAtMs: found.untilMs } : {};
        return [{ setting, scope, max, ...resets }];
      }
      // What the same requests would have cost is not asked: limits on money are no policy that is tried here.
      if (countsOf(setting).what === 'money') return [];
      const { used, resetsAtMs } = this.#used({ setting, scope, timeZone }, atMs);
      return used < max ? [] : [{ setting, scope, max, resetsAtMs }];
    });
  }

  add(chain: PolicyChain, { atMs, endedAtMs }: PastRequest): void {
    // One request counts once in a scope, and in each day of it, however many levels say something of it.
    const budgets = budgetsOf(chain);
    for (const scope of new Set(budgets.map((budget) => budget.scope))) {
      listAt(this.#ends, scope).push(endedAtMs ?? Number.POSITIVE_INFINITY);
      listAt(this.#starts, scope).push(atMs);
    }
    const dayOf = ({ scope, timeZone }: Budget) =>
      `${scope} ${calendarWindow('day', timeZone, atMs).startMs}`;
    for (const day of new Set(budgets.map(dayOf))) this.#days.set(day, (this.#days.get(day) ?? 0) + 1);
  }

  #used(
    { setting, scope, timeZone }: Pick<SpentBudget, 'setting' | 'scope'> & { readonly timeZone: string },
    atMs: number,
  ): { readonly used: number; readonly resetsAtMs?: number } {
    const counts = countsOf(setting);
    if (counts.over === 'now') return { used: kept(this.#ends, scope, (endMs) => endMs > atMs) };
    if (counts.over === 'minute') {
      const used = kept(this.#starts, scope, (startMs) => startMs > atMs - MINUTE_MS);
      const [first = atMs] = this.#starts.get(scope) ?? [];
      return { used, resetsAtMs: first + MINUTE_MS };
    }
    const { startMs, endMs } = calendarWindow('day', timeZone, atMs);
    return { used: this.#days.get(`${scope} ${startMs}`) ?? 0, resetsAtMs: endMs };
  }
}

const usageKeyOf = ({ setting, scope, max }: Pick<UsedUp, 'setting' | 'scope' | 'max'>) =>
  `${setting} ${scope} ${max}`;

function listAt(lists: Map<string, number[]>, key: string): number[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Forgets what time has taken, and says how many are left. */
function kept(lists: Map<string, number[]>, key: string, isKept: (timeMs: number) => boolean): number {
  const list = (lists.get(key) ?? []).filter(isKept);
  lists.set(key, list);
  return list.length;
}
