/** Of the test's own run: what a customer's programs would behave differently by. The machine's settings of npm stay. */
const OURS =
  /^(NODE_ENV|NODE_OPTIONS|CI|VITEST.*|VITE_.*|TEST|PATCHBAY_.*|npm_(?!config_).*|npm_config_(local_prefix|user_agent)|INIT_CWD)$/;

/** The environment of a program that a customer starts: the machine's, nothing of this test, and what is given. */
export function customerEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const machine = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  const environment: Record<string, string | undefined> = {
    ...Object.fromEntries(machine),
    NEXT_TELEMETRY_DISABLED: '1',
    ...more,
  };
  // Next's own types ask for NODE_ENV, and a customer's shell has none.
  return environment as NodeJS.ProcessEnv;
}
