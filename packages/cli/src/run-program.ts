import type { Command } from 'commander';
import { readVariables } from './connection.ts';
import { problemText } from './problem-text.ts';
import { createProgram } from './program.ts';
import { Refusal } from './refusal.ts';

/**
 * Runs what was typed, behind `patchbay`, and answers the exit code that it ends with: 1 for what was refused, whose reason is on
 * standard error by then. A defect is thrown.
 */
export async function runProgram(
  typed: readonly string[],
  program: Command = createProgram(),
): Promise<number> {
  try {
    await program.parseAsync([...typed], { from: 'user' });
    return 0;
  } catch (error) {
    const said = problemText(error, {
      json: typed.includes('--json'),
      baseUrl: readVariables().PATCHBAY_URL,
    });
    if (said === undefined) throw error;
    process.stderr.write(`${said}\n`);
    return error instanceof Refusal ? error.exitCode : 1;
  }
}
