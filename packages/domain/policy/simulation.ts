import { policyChain, type StoredPolicy } from './policy-chain.ts';
import { levelText, type PolicyChain, type PolicyWord } from './policy-level.ts';
import type { LoggedRequest, PolicyPorts } from './ports.ts';
import { type Reading, visibleOrigin, withWord } from './reading.ts';
import { replay } from './replay.ts';
import { settingNames, settingOf } from './settings.ts';

export const SIMULATED_REQUEST_COUNT_MAX = 20_000;
/** Accounts whose own levels are read: of those with requests, so many. */
const SIMULATED_ACCOUNT_COUNT_MAX = 200;
const EXAMPLE_COUNT_MAX = 20;
const DAY_MS = 86_400_000;

interface Asked {
  readonly reading: Reading;
  readonly word: PolicyWord;
  readonly days: number;
  readonly nowMs: number;
}

/** Decides the requests of the last days by the policy as it is, and as it would be (POL-2). */
export async function simulate({ reading, word, days, nowMs }: Asked, ports: PolicyPorts) {
  const { accountId, visibleIds } = reading;
  const fromMs = nowMs - days * DAY_MS;
  const logged = await ports.past.requests({ accountId, fromMs, limit: SIMULATED_REQUEST_COUNT_MAX });
  const accountIds = [...new Set(logged.items.map((request) => request.accountId))];
  const read = accountIds.slice(0, SIMULATED_ACCOUNT_COUNT_MAX);
  const chains = await ports.past.chains({ accountId, accountIds: read });
  const stored = new Map<string, readonly StoredPolicy[]>();
  for (const id of chains.keys()) stored.set(id, await ports.policies.chain({ accountId: id }));
  const requests = logged.items.filter((request) => stored.has(request.accountId));
  const usage = await ports.past.usage({ accountId, scopes: [...chains.keys(), accountId], meters, fromMs });

  const chainBy = (storedOf: (id: string) => readonly StoredPolicy[]) => {
    // One chain for all requests of a kind: what it folds to is remembered by the chain.
    const known = new Map<string, PolicyChain>();
    return (request: LoggedRequest): PolicyChain => {
      const { accountId: id, region, applicationId, endpoint } = request;
      const key = JSON.stringify([id, region, applicationId, endpoint]);
      const chain =
        known.get(key) ??
        policyChain({ chain: chains.get(id) ?? [], region, applicationId, endpoint }, storedOf(id));
      known.set(key, chain);
      return chain;
    };
  };
  const storedNow = (id: string) => stored.get(id) ?? [];
  const now = replay(requests, { chainOf: chainBy(storedNow), usage });
  const changed = replay(requests, {
    chainOf: chainBy((id) => withWord(reading, storedNow(id), word)),
    usage,
  });

  const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  const countByDay = (timesMs: readonly number[]) => Map.groupBy(timesMs, dayOf);
  const requestDays = countByDay(requests.map(({ atMs }) => atMs));
  const refusedDays = countByDay(changed.refused.map(({ request }) => request.atMs));
  const refusedNow = new Set(now.refused.map(({ request }) => request.sessionId));
  const seen = (origin: Parameters<typeof visibleOrigin>[0]) =>
    visibleOrigin(origin, [...visibleIds, ...chains.keys()]);
  const groups = Map.groupBy(
    changed.refused,
    ({ refusal }) => `${refusal.setting} ${levelText(refusal.origin, [...visibleIds, ...chains.keys()])}`,
  );
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(nowMs).toISOString(),
    requestCount: requests.length,
    isComplete: logged.isComplete && requests.length === logged.items.length,
    refusedThenCount: requests.filter(({ refusedWith }) => refusedWith !== undefined).length,
    refusedNowCount: now.refused.length,
    refusedCount: changed.refused.length,
    bySetting: [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { setting, origin } = first.refusal;
      return [{ setting, origin: seen(origin), count: group.length }];
    }),
    days: Array.from({ length: days + 1 }, (_, index) => {
      const day = dayOf(fromMs + index * DAY_MS);
      const [requestCount, refusedCount] = [requestDays, refusedDays].map(
        (counts) => counts.get(day)?.length ?? 0,
      );
      return { day, requestCount: requestCount ?? 0, refusedCount: refusedCount ?? 0 };
    }),
    examples: changed.refused
      .filter(({ request }) => !refusedNow.has(request.sessionId))
      .slice(-EXAMPLE_COUNT_MAX)
      .reverse()
      .map(({ request, refusal }) => ({
        sessionId: request.sessionId,
        accountId: request.accountId,
        at: new Date(request.atMs).toISOString(),
        setting: refusal.setting,
        origin: seen(refusal.origin),
      })),
  };
}

const meters = [
  ...new Set(
    settingNames.flatMap((name) => {
      const setting = settingOf(name);
      return setting.merge === 'narrowest' && setting.counts?.what === 'usage' ? [setting.counts.meter] : [];
    }),
  ),
];
