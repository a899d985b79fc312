import { ManagedProcess } from '@patchbay/adapters/processes/managed-process';

/** A role that is drained writes its last records and uploads them in this time; then it is told to hurry. */
const stopMsMax = 12_000;

export interface SupervisorOptions {
  /** Each in a process of its own: a crash in one never takes another down. */
  readonly roles: readonly string[];
  /** The program that runs one role, given `--role <role>`. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long the roles may drain when they are stopped. */
  readonly drainMs: number;
  /** What the roles log, line by line as they write it. */
  readonly onOutput: (chunk: Buffer) => void;
  readonly onCrash: (crash: {
    readonly name: string;
    readonly how: string;
    readonly restartInMs: number;
  }) => void;
}

export interface Supervisor {
  pidOf(role: string): number | undefined;
  /** Ends all roles, each in its own time, within about 14 s and the time to drain. */
  stop(): Promise<void>;
}

/** What opens the database and its secrets: for the role that works on it, and no role that strangers reach. */
const databaseSettings: readonly string[] = ['DATABASE_URL', 'PATCHBAY_MASTER_KEY'];

/** With a role's own join token, if there is one: a token lets one node in, and each role is a node. */
function environmentOf(role: string, env: SupervisorOptions['env']): SupervisorOptions['env'] {
  const own = env[`PATCHBAY_JOIN_TOKEN_${role.toUpperCase()}`];
  const given = Object.entries(env).filter(([name]) => role === 'jobs' || !databaseSettings.includes(name));
  return { ...Object.fromEntries(given), ...(own === undefined ? {} : { PATCHBAY_JOIN_TOKEN: own }) };
}

/** Runs each role as a process that is started again at once when it dies, on the same ports. */
export function superviseRoles(settings: SupervisorOptions): Supervisor {
  const { roles, program, env, drainMs, onOutput, onCrash } = settings;
  const processes = new Map(
    roles.map((role) => {
      const options = {
        name: role,
        args: [program, '--role', role],
        env: environmentOf(role, env),
        cwd: process.cwd(),
      };
      return [role, new ManagedProcess({ ...options, onOutput, onCrash })] as const;
    }),
  );
  return {
    pidOf: (role) => processes.get(role)?.pid,
    async stop() {
      await Promise.all([...processes.values()].map((each) => each.stop(drainMs + stopMsMax)));
    },
  };
}
