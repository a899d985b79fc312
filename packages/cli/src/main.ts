#!/usr/bin/env node
/** `patchbay`: starts the platform, and is the tool of those who run it and build on it. */
import { readVariables } from './connection.ts';
import { problemText } from './problem-text.ts';
import { createProgram } from './program.ts';
import { Refusal } from './refusal.ts';

try {
  await createProgram().parseAsync();
} catch (error) {
  const said = problemText(error, {
    json: process.argv.includes('--json'),
    baseUrl: readVariables().PATCHBAY_URL,
  });
  if (said === undefined) throw error;
  process.stderr.write(`${said}\n`);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
