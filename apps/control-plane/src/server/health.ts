import type { ControlPlane } from './compose.ts';

const ANSWER_MS_MAX = 1_500;

export interface Health {
  readonly status: 'ok' | 'down';
  readonly roles: Readonly<Record<string, 'up' | 'down'>>;
}

/** Whether the database answers and every expected role has a live node. It answers within 2 seconds whatever is down. */
export async function healthOf({ env, fleet, database }: ControlPlane): Promise<Health> {
  const isUp = (work: Promise<boolean>) =>
    Promise.race([
      work.catch(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ANSWER_MS_MAX).unref()),
    ]);
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
  return { status: states.every(([, state]) => state === 'up') ? 'ok' : 'down', roles };
}
