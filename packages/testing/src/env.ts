import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

/** Of the test's own run: what a customer's programs would behave differently by. The machine's settings of npm stay. */
const OURS =
  /^(NODE_ENV|NODE_OPTIONS|NODE_COMPILE_CACHE|CI|VITEST.*|VITE_.*|TEST|PATCHBAY_.*|npm_(?!config_).*|npm_config_(local_prefix|user_agent)|INIT_CWD)$/;

/** Without our own tools: a customer runs the machine's Node, which may be the oldest that we promise. */
const pathOfMachine = (folders: string | undefined): string =>
  (folders ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.startsWith(root))
    .join(path.delimiter);

/** The environment of a program that a customer starts: the machine's, nothing of this test, and what is given. */
export function customerEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const machine = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  const environment: Record<string, string | undefined> = {
    ...Object.fromEntries(machine),
    PATH: pathOfMachine(process.env.PATH),
    NEXT_TELEMETRY_DISABLED: '1',
    ...more,
  };
  // Next's own types ask for NODE_ENV, and a customer's shell has none.
  return environment as NodeJS.ProcessEnv;
}

/** What programs that a test starts get from whoever runs the tests. */
export const inherited: NodeJS.ProcessEnv = process.env;
