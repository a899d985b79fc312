import type { JobRun } from '@patchbay/adapters/postgres/job-runs';
import type { ControlPlane } from './compose.ts';
import type { MailRoute } from './mail-route.ts';

const ANSWER_MS_MAX = 1_500;

export interface Health {
  readonly status: 'ok' | 'down';
  readonly roles: Readonly<Record<string, 'up' | 'down'>>;
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
  const isUp = (work: Promise<boolean>) => within(work, false);
  // Asked at once with the others: all of it has 2 seconds.
  const runs = within(jobRuns(), []);
  const parts = [
    ['database', isUp(database.ping().then(() => true))] as const,
    ...env.PATCHBAY_ROLES.map(
      (role) => [role, isUp(fleet.live({ role }).then(({ length }) => length > 0))] as const,
    ),
  ];
  const states = await Promise.all(
    parts.map(async ([name, up]) => [name, (await up) ? 'up' : 'down'] as const),
  );
  const roles = { 'control-plane': 'up' as const, ...Object.fromEntries(states) };
  const jobs = (await runs).map(jobAnswer);
  return { status: states.every(([, state]) => state === 'up') ? 'ok' : 'down', roles, mail, jobs };
}

/** Why a task failed is in the log; strangers read this. */
const jobAnswer = ({ job, startedAt, finishedAt, error }: JobRun): Health['jobs'][number] => ({
  name: job,
  startedAt: startedAt.toISOString(),
  ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
  state: finishedAt === undefined ? 'running' : error === undefined ? 'ok' : 'failed',
});
