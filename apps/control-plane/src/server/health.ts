import type { JobRun } from '@patchbay/adapters/postgres/job-runs';
import type { NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import type { ControlPlane } from './compose.ts';
import type { MailRoute } from './mail-route.ts';

const ANSWER_MS_MAX = 1_500;

export interface Health {
  readonly status: 'ok' | 'down';
  /** `unable`: its nodes live, and lack what they would need on their machines. It is no outage of the others. */
  readonly roles: Readonly<Record<string, RoleState>>;
  /** `none` is no outage, and nobody can prove an address there. */
  readonly mail: MailRoute;
  /** Regular tasks. One that failed is no outage; somebody has to see to it all the same. */
  readonly jobs: readonly {
    readonly name: string;
    readonly startedAt: string;
    readonly finishedAt?: string;
    readonly state: 'ok' | 'running' | 'failed';
  }[];
}

type RoleState = 'up' | 'down' | 'unable';

const stateOf = (nodes: readonly Pick<NodeRecord, 'load'>[]): RoleState => {
  if (nodes.length === 0) return 'down';
  return nodes.every(({ load }) => load.unable === 1) ? 'unable' : 'up';
};

/** Whether the database answers and every expected role has a live node. It answers within 2 seconds whatever is down. */
export async function healthOf({
  env,
  fleet,
  database,
  jobRuns,
  mailRoute: mail,
}: ControlPlane): Promise<Health> {
  const within = <Value>(work: Promise<Value>, otherwise: Value) =>
    Promise.race([
      work.catch(() => otherwise),
      new Promise<Value>((resolve) => setTimeout(() => resolve(otherwise), ANSWER_MS_MAX).unref()),
    ]);
  // Asked at once with the others: all of it has 2 seconds.
  const runs = within(jobRuns(), []);
  const parts = [
    [
      'database',
      within<RoleState>(
        database.ping().then(() => 'up'),
        'down',
      ),
    ] as const,
    ...env.PATCHBAY_ROLES.map(
      (role) => [role, within<RoleState>(fleet.live({ role }).then(stateOf), 'down')] as const,
    ),
  ];
  const states = await Promise.all(parts.map(async ([name, state]) => [name, await state] as const));
  const roles = { 'control-plane': 'up' as const, ...Object.fromEntries(states) };
  const jobs = (await runs).map(jobAnswer);
  return { status: states.every(([, state]) => state !== 'down') ? 'ok' : 'down', roles, mail, jobs };
}

/** Why a task failed is in the log; strangers read this. */
const jobAnswer = ({ job, startedAt, finishedAt, error }: JobRun): Health['jobs'][number] => ({
  name: job,
  startedAt: startedAt.toISOString(),
  ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
  state: finishedAt === undefined ? 'running' : error === undefined ? 'ok' : 'failed',
});
