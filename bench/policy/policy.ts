/**
 * Decisions a second for a chain of eight levels, against node-casbin with the same chain in the same run: eight roles, each
 * the one above the next, and eight policies by role, service and region, of which every one has to allow. Both are warm,
 * in one process, and answer the same requests; rounds alternate. Ours decides by all settings of the chain, and says
 * which level refused; `cold` folds the chain anew for each decision, as after a change of policy.
 */
import { performance } from 'node:perf_hooks';
import { decide, type PolicyRequest } from '@patchbay/domain/policy/decide';
import type { PolicyChain, PolicyOrigin } from '@patchbay/domain/policy/policy-level';
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';

const ROUND_COUNT = 5;
const ROUND_MS = 1_000;

const origins: readonly PolicyOrigin[] = [
  { level: 'platform', accountId: 'acc_0' },
  { level: 'plan', accountId: 'acc_1', planId: 'pln_1', setById: 'acc_0' },
  { level: 'account', accountId: 'acc_1', by: 'above', setById: 'acc_0' },
  { level: 'region', accountId: 'acc_1', region: 'eu' },
  { level: 'account', accountId: 'acc_2', by: 'above', setById: 'acc_1' },
  { level: 'application', accountId: 'acc_2', applicationId: 'app_1' },
  { level: 'instanceType', accountId: 'acc_2', applicationId: 'app_1', instanceType: 'paid' },
  { level: 'endpoint', accountId: 'acc_2', endpoint: 'user:bob' },
];
const services = ['network-discovery', 'signaling'];
const regions = ['eu', 'us'];

/** Every level allows both services; the fifth allows one region alone. */
const chain: PolicyChain = origins.map((origin, index) => ({
  origin,
  timeZone: 'UTC',
  values: { services, regions: index === 4 ? ['eu'] : regions, sessionSecondsMax: 3_600 - index },
  locked: [],
  overridable: {},
}));

const requests: readonly PolicyRequest[] = services.flatMap((service) =>
  ['eu', 'us', 'ap'].map((region) => ({
    verifier: 'relay' as const,
    atMs: 1_800_000_000_000,
    service,
    region,
  })),
);

const model = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act`;

/** The same chain: a level is a role of the one below it, and denies what it leaves out. */
function casbinPolicy(): string {
  const names = origins.map((_origin, index) => `level${index}`);
  const inherits = names.slice(1).map((name, index) => `g, ${name}, ${names[index]}`);
  const rules = chain.flatMap(({ values }, index) =>
    services.flatMap((service) =>
      ['eu', 'us', 'ap'].map((region) => {
        const effect = values.regions?.includes(region) ? 'allow' : 'deny';
        return `p, ${names[index]}, ${service}, ${region}, ${effect}`;
      }),
    ),
  );
  return [...inherits, ...rules].join('\n');
}

interface Options {
  readonly json: boolean;
  readonly signal: AbortSignal;
}

export async function run({ json, signal }: Options): Promise<void> {
  const enforcer = await newEnforcer(newModelFromString(model), new StringAdapter(casbinPolicy()));
  const casbin = ({ service, region = '' }: PolicyRequest) => enforcer.enforceSync('level7', service, region);
  const warm = (request: PolicyRequest) => decide(chain, request).kind === 'allowed';
  const cold = (request: PolicyRequest) => decide([...chain], request).kind === 'allowed';
  for (const request of requests) {
    const answers = [casbin, warm, cold].map((answer) => answer(request));
    if (new Set(answers).size > 1)
      throw new Error(`They disagree about ${JSON.stringify(request)}: ${answers}.`);
  }
  for (const [name, ours] of [
    ['warm', warm],
    ['cold', cold],
  ] as const) {
    const rounds: { readonly ours: number; readonly peer: number }[] = [];
    for (let round = 0; round < ROUND_COUNT && !signal.aborted; round++)
      rounds.push({ peer: decisionsPerSecond(casbin), ours: decisionsPerSecond(ours) });
    say({ name, rounds }, json);
  }
}

type Answer = (request: PolicyRequest) => boolean;

function decisionsPerSecond(answer: Answer): number {
  const startMs = performance.now();
  let count = 0;
  while (performance.now() - startMs < ROUND_MS) {
    for (const request of requests) answer(request);
    count += requests.length;
  }
  return Math.round((count * 1_000) / (performance.now() - startMs));
}

function say(
  { name, rounds }: { name: string; rounds: readonly { ours: number; peer: number }[] },
  json: boolean,
): void {
  const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
  const ratios = rounds.map(({ ours, peer }) => ours / peer);
  const result = {
    bench: 'policy',
    case: `${name}/8 levels`,
    peer: 'casbin 5.51.1',
    ratio: Number(median(ratios).toFixed(2)),
    ratioMin: Number(Math.min(...ratios).toFixed(2)),
    ratioMax: Number(Math.max(...ratios).toFixed(2)),
    rounds: rounds.length,
    decisionsPerSecond: median(rounds.map(({ ours }) => ours)),
    peerDecisionsPerSecond: median(rounds.map(({ peer }) => peer)),
  };
  process.stdout.write(
    json
      ? `${JSON.stringify(result)}\n`
      : `${result.case}: ${result.decisionsPerSecond} decisions/s, ${result.ratio} times ${result.peer}\n`,
  );
}
