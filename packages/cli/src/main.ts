#!/usr/bin/env node
/** `patchbay`: starts the platform, and is the tool of those who run it and build on it. */
import { runProgram } from './run-program.ts';

const exitCode = await runProgram(process.argv.slice(2));
if (exitCode !== 0) process.exit(exitCode);
