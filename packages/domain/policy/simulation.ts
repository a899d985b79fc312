import { type Budget, budgetsOf } from './decide.ts';
import { policyChain, type StoredPolicy } from './policy-chain.ts';
import type { PolicyChain, PolicyWord } from './policy-level.ts';
import type { LoggedRequest, PlanRecord, PolicyPorts } from './ports.ts';
import { type Reading, visibleOrigin, withWord } from './reading.ts';
import { type Replay, replay } from './replay.ts';
import { settings } from './settings.ts';
import { type UsedUp, usedUpTimes } from './used-up.ts';

export const SIMULATED_REQUEST_COUNT_MAX = 20_000;
/** Accounts whose own levels are read: of those with requests, so many. */
const SIMULATED_ACCOUNT_COUNT_MAX = 200;
const EXAMPLE_COUNT_MAX = 20;
const DAY_MS = 86_400_000;
/** The longest day of any zone: what began in it before the first request counts with that one. */
const DAY_BEFORE_MS = 25 * 3_600_000;

interface Past {
  readonly days: number;
  readonly nowMs: number;
}

interface Asked extends Past {
  readonly reading: Reading;
  readonly word: PolicyWord;
}

/** Decides the requests of the last days by the policy as it is, and as it would be (POL-2). */
export async function simulate({ reading, word, ...past }: Asked, ports: PolicyPorts) {
  const { simulated } = await decideAgain(
    { ...reading, ...past, changed: (stored) => withWord(reading, stored, word) },
    ports,
  );
  return simulated;
}

interface AskedOfPlan extends Past, Pick<Reading, 'accountId' | 'visibleIds'> {
  readonly plan: PlanRecord;
  readonly word: PolicyWord;
}

/** The same of all accounts that have a plan, and of those below them. */
export async function simulatePlan({ plan, word, ...asked }: AskedOfPlan, ports: PolicyPorts) {
  const isOfPlan = ({ by, planId }: StoredPolicy) => by === 'plan' && planId === plan.id;
  const changed = (stored: readonly StoredPolicy[]) =>
    stored.map((row) => (isOfPlan(row) ? { ...row, word } : row));
  const { simulated, stored } = await decideAgain({ ...asked, planId: plan.id, changed }, ports);
  const tried = new Set(stored.filter(isOfPlan).map(({ accountId }) => accountId));
  return { ...simulated, accountCount: plan.accountCount, triedAccountCount: tried.size };
}

interface Decided extends Past, Pick<Reading, 'accountId' | 'visibleIds'> {
  /** Of all that it holds for; without one, of the account and all below it. */
  readonly planId?: string;
  /** What would be stored along a chain, of what is. */
  readonly changed: (stored: readonly StoredPolicy[]) => readonly StoredPolicy[];
}

async function decideAgain({ days, nowMs, ...asked }: Decided, ports: PolicyPorts) {
  const fromMs = nowMs - days * DAY_MS;
  const { logged, chains, stored } = await readPast(asked, fromMs - DAY_BEFORE_MS, ports);
  const counting = logged.items
    .filter((request) => stored.has(request.accountId))
    .map((request) => ({ ...request, country: request.country ?? countryOf(request, ports) }));
  const storedNow = (id: string) => stored.get(id) ?? [];
  const now = chainsOf(chains, storedNow);
  const changed = chainsOf(chains, (id) => asked.changed(storedNow(id)));
  // Also an account between that asked for nothing itself: what is used below it counts at it.
  const scopeIds = new Set([
    asked.accountId,
    ...[...chains.values()].flatMap((chain) => chain.slice(chain.indexOf(asked.accountId))),
  ]);
  const usedUp = await usedUpOf(counting, { chainOfs: [now, changed], scopeIds }, ports);
  const isReported = ({ atMs }: { readonly atMs: number }) => atMs >= fromMs;
  const refusedBy = (chainOf: ChainOf) =>
    replay(counting, { chainOf, usedUp }).refused.filter(({ request }) => isReported(request));
  const all = logged.items.filter(isReported);
  const requests = counting.filter(isReported);
  const refusedNow = refusedBy(now);
  const refused = refusedBy(changed);
  const seenIds = [...asked.visibleIds, ...scopeIds];
  const simulated = {
    from: new Date(fromMs).toISOString(),
    to: new Date(nowMs).toISOString(),
    requestCount: requests.length,
    isComplete: logged.isComplete && requests.length === all.length,
    refusedThenCount: requests.filter(({ refusedWith }) => refusedWith !== undefined).length,
    refusedNowCount: refusedNow.length,
    refusedCount: refused.length,
    bySetting: countsBySetting(refused, seenIds),
    days: countsByDay(
      Array.from({ length: days + 1 }, (_, index) => fromMs + index * DAY_MS),
      { requests, refused },
    ),
    examples: examplesOf(refused, { refusedNow, seenIds }),
  };
  return { simulated, stored: [...stored.values()].flat() };
}

/** The requests from then on, of up to so many accounts, and what is stored along the chain of each of these. */
async function readPast(
  { accountId, planId }: Pick<Decided, 'accountId' | 'planId'>,
  fromMs: number,
  { past, policies }: PolicyPorts,
) {
  const limit = SIMULATED_REQUEST_COUNT_MAX;
  const logged = await past.requests({ accountId, planId, fromMs, limit });
  const accountIds = [...new Set(logged.items.map((request) => request.accountId))];
  const read = accountIds.slice(0, SIMULATED_ACCOUNT_COUNT_MAX);
  const chains = await past.chains({ accountId, accountIds: read });
  const stored = new Map<string, readonly StoredPolicy[]>();
  for (const id of chains.keys()) stored.set(id, await policies.chain({ accountId: id }));
  return { logged, chains, stored };
}

/** By the table as it is today; a client of a relay is logged by its address alone. */
const countryOf = ({ sourceIp }: LoggedRequest, { countries }: PolicyPorts): string | undefined =>
  sourceIp === undefined ? undefined : countries?.countryOf(sourceIp);

type ChainOf = (request: LoggedRequest) => PolicyChain;

function chainsOf(
  chains: ReadonlyMap<string, readonly string[]>,
  storedOf: (accountId: string) => readonly StoredPolicy[],
): ChainOf {
  // One chain for all requests of a kind: what it folds to is remembered by the chain.
  const known = new Map<string, PolicyChain>();
  return ({ accountId, region, applicationId, instanceType, endpoint }) => {
    const key = JSON.stringify([accountId, region, applicationId, instanceType, endpoint]);
    const subject = { chain: chains.get(accountId) ?? [], region, applicationId, instanceType, endpoint };
    const chain = known.get(key) ?? policyChain(subject, storedOf(accountId));
    known.set(key, chain);
    return chain;
  };
}

/** Of the budgets along all chains, of accounts that are read, when there was nothing left of them. */
async function usedUpOf(
  requests: readonly LoggedRequest[],
  { chainOfs, scopeIds }: { readonly chainOfs: readonly ChainOf[]; readonly scopeIds: ReadonlySet<string> },
  { past }: PolicyPorts,
): Promise<readonly UsedUp[]> {
  const asked = new Map<string, { readonly budget: Budget; readonly timesMs: number[] }>();
  for (const chainOf of chainOfs) {
    for (const request of requests) {
      for (const budget of usageBudgetsIn(chainOf(request), request)) {
        if (!scopeIds.has(budget.origin.accountId)) continue;
        const key = JSON.stringify([budget.setting, budget.scope, budget.max]);
        const known = asked.get(key) ?? { budget, timesMs: [] };
        known.timesMs.push(request.atMs);
        asked.set(key, known);
      }
    }
  }
  const found: UsedUp[] = [];
  for (const { budget, timesMs } of asked.values())
    found.push(...(await usedUpTimes(budget, timesMs, past.usage)));
  return found;
}

function usageBudgetsIn(chain: PolicyChain, { service }: LoggedRequest): readonly Budget[] {
  return budgetsOf(chain).filter(({ setting }) => {
    const { counts } = settings[setting];
    return counts.what === 'usage' && counts.meter.startsWith(`${service}.`);
  });
}

type Refused = Replay<LoggedRequest>['refused'];

function countsBySetting(refused: Refused, seenIds: readonly string[]) {
  const groups = Map.groupBy(
    refused,
    ({ refusal }) => `${refusal.setting} ${JSON.stringify(visibleOrigin(refusal.origin, seenIds))}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { setting, origin } = first.refusal;
    return [{ setting, origin: visibleOrigin(origin, seenIds), count: group.length }];
  });
}

function countsByDay(
  daysMs: readonly number[],
  { requests, refused }: { readonly requests: readonly LoggedRequest[]; readonly refused: Refused },
) {
  const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  const asked = Map.groupBy(requests, ({ atMs }) => dayOf(atMs));
  const turnedDown = Map.groupBy(refused, ({ request }) => dayOf(request.atMs));
  return daysMs.map(dayOf).map((day) => ({
    day,
    requestCount: asked.get(day)?.length ?? 0,
    refusedCount: turnedDown.get(day)?.length ?? 0,
  }));
}

function examplesOf(
  refused: Refused,
  { refusedNow, seenIds }: { readonly refusedNow: Refused; readonly seenIds: readonly string[] },
) {
  const ids = new Set(refusedNow.map(({ request }) => request.sessionId));
  return refused
    .filter(({ request }) => !ids.has(request.sessionId))
    .slice(-EXAMPLE_COUNT_MAX)
    .reverse()
    .map(({ request, refusal }) => ({
      sessionId: request.sessionId,
      accountId: request.accountId,
      at: new Date(request.atMs).toISOString(),
      setting: refusal.setting,
      origin: visibleOrigin(refusal.origin, seenIds),
    }));
}
