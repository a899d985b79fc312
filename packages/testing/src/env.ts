/** Of the test's own run: what a customer's programs would behave differently by. */
const OURS = /^(NODE_ENV|NODE_OPTIONS|CI|VITEST.*|VITE_.*|TEST|PATCHBAY_.*|npm_.*|INIT_CWD|PNPM_.*)$/;

/** The environment of a program that a customer starts: the machine's, nothing of this test, and what is given. */
export function customerEnvironment(
  more: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv & Record<string, string> {
  const machine = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  const quiet = { NEXT_TELEMETRY_DISABLED: '1' };
  return { ...Object.fromEntries(machine), ...quiet, ...more } as NodeJS.ProcessEnv & Record<string, string>;
}
