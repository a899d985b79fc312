import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import { codeOf } from '@patchbay/protocol/turn/testing/client-session';
import { openRawClient } from '@patchbay/testing/raw-turn-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemoryControlPlane } from './platform/testing/memory-control-plane.ts';

vi.setConfig({ testTimeout: 120_000 });

let control: MemoryControlPlane;
let folder: string;
let relay: ChildProcess;
let printed = '';

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-main-'));
  control = await MemoryControlPlane.start();
  printed = '';
  // An error that nothing contains, whenever the test asks for one.
  const faulty = `data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('escaped')})`;
  relay = spawn(
    process.execPath,
    ['--import', faulty, path.join(import.meta.dirname, 'main.ts'), '--role', 'relay'],
    {
      env: {
        NODE_ENV: 'test',
        PATCHBAY_CONTROL_URL: control.url,
        PATCHBAY_JOIN_TOKEN: 'a join token for a test',
        PATCHBAY_DATA: folder,
        PATCHBAY_TURN_PORT: '0',
        PATCHBAY_ALLOW_LOOPBACK_PEERS: '1',
        PATCHBAY_DRAIN_SECONDS: '0',
      },
    },
  );
  const keep = (chunk: Buffer) => {
    printed += chunk.toString();
  };
  relay.stdout?.on('data', keep);
  relay.stderr?.on('data', keep);
});

afterEach(async () => {
  relay.kill('SIGKILL');
  if (relay.exitCode === null && relay.signalCode === null) await once(relay, 'exit');
  await control.stop();
  rmSync(folder, { recursive: true });
});

it('an error that nothing contains is logged and counted, and the relay serves on (decision 0005)', async () => {
  await vi.waitFor(() => expect(printed).toContain('The relay serves.'), 20_000);
  // It serves before whoever asks the control plane is told where.
  const port = await vi.waitFor(() => {
    const told = Number(/:(\d+)\?/.exec(control.nodes[0]?.urls.turn?.[0] ?? '')?.[1]);
    expect(told).toBeGreaterThan(0);
    return told;
  }, 120_000);
  for (const count of [1, 2]) {
    relay.kill('SIGUSR2');
    await vi.waitFor(() => expect(printed).toContain(`"count":${count}`), 5_000);
  }
  expect(printed).toContain('"place":"uncaughtException"');
  const at = { ip: ipFromText('127.0.0.1') ?? new Uint8Array(4), port };
  const client = await openRawClient(at, { username: 'nobody', password: 'none' });
  expect(codeOf(await client.ask(method.binding, [], { isSigned: false }))).toBe(0);
  client.socket.close();
  expect(relay.exitCode).toBeNull();
});
