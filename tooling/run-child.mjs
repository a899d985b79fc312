import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { environment, node24, root } from './make-ready.mjs';

/**
 * Runs a program of ours on Node 24 with our terminal and returns its exit code. It has a process group of its
 * own, so that Ctrl-C reaches it once, through us, and it can end its children in order. A channel to it closes
 * with us: it sees our death even if we were killed.
 */
export function runProgram(args, { env = {}, stdio = ['inherit', 'inherit', 'inherit', 'ipc'] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node24(), args, { cwd: process.cwd(), env: environment(env), stdio, detached: true });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0));
    });
  });
}

/** The path of a program in the repository. */
export function inRepository(file) {
  return `${root}/${file}`;
}
