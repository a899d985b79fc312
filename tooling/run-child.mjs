import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { environment, node24, root } from './make-ready.mjs';

/** A terminal's Ctrl-C reaches us from the terminal and from npm: two of it within this time are one. */
const sameSignalMs = 500;
const parentPollMs = 500;

/**
 * Runs a program of ours on Node 24 with our terminal and returns its exit code. It has a process group of its
 * own, so that Ctrl-C reaches it once, through us, and it can end its children in order. A channel to it closes
 * with us: it sees our death even if we were killed.
 */
export function runProgram(args, { env = {}, stdio = ['inherit', 'inherit', 'inherit', 'ipc'] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node24(), args, { cwd: process.cwd(), env: environment(env), stdio, detached: true });
    let forwardedAtMs = Number.NEGATIVE_INFINITY;
    const forward = (signal) => {
      if (performance.now() - forwardedAtMs < sameSignalMs) return;
      forwardedAtMs = performance.now();
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    // npm may be killed without a word to us: then another process is our parent.
    const parent = process.ppid;
    const parentWatch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(parentWatch);
      child.kill('SIGTERM');
    }, parentPollMs);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(parentWatch);
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0));
    });
  });
}

/** The path of a program in the repository. */
export function inRepository(file) {
  return `${root}/${file}`;
}
