import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { forbiddenNetworksInAllForms, isForbidden } from '@patchbay/protocol/turn/peer-policy';
import { describe, expect, test } from 'vitest';
import { nftRules } from './egress-rules.ts';

/** With all of a network namespace to itself a test needs no firewall of this machine, and changes none. */
const isAble = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (spawnSync('unshare', ['-n', 'true']).status !== 0) return false;
  const hasNft = () => spawnSync('nft', ['--version']).status === 0;
  if (!hasNft())
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=60', 'install', '-y', '-qq', 'nftables', 'iproute2']);
  return hasNft() && spawnSync('ip', ['-V']).status === 0;
})();

/** In a namespace where this machine is every address there is: who of them answers, before the rules and with them. */
const program = `
import { connect, createServer } from 'node:net';
import { execFileSync } from 'node:child_process';
const [rules, ...addresses] = process.argv.slice(2);
const run = (...words) => execFileSync(words[0], words.slice(1));
run('ip', 'link', 'set', 'lo', 'up');
run('ip', 'route', 'add', 'local', 'default', 'dev', 'lo');
run('ip', '-6', 'route', 'add', 'local', 'default', 'dev', 'lo');
const server = createServer((socket) => socket.end('ok'));
await new Promise((resolve) => server.listen(8080, '::', resolve));
const reach = (host) =>
  new Promise((resolve) => {
    const socket = connect({ host, port: 8080 });
    socket.setTimeout(2_000, () => resolve('no answer'));
    socket.on('data', () => resolve('answers')).on('error', ({ code }) => resolve(code));
  });
const all = async () => Promise.all(addresses.map(reach));
const before = await all();
run('nft', '-f', rules);
// Whoever runs them again has them once.
run('nft', '-f', rules);
process.stdout.write(JSON.stringify({ before, after: await all() }));
process.exit(0);
`;

const forbidden = [
  ...['10.1.2.3', '127.0.0.1', '169.254.169.254', '172.16.9.9', '192.168.1.1', '100.64.0.1', '192.0.2.7'],
  ...['::1', 'fd00::1', '64:ff9b::a01:203', '2002:a01:203::1', '2002:7f00:1::1', '64:ff9b::a9fe:a9fe'],
];
const open = ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '64:ff9b::808:808'];
const excepted = '10.0.0.5';

describe('rules for a firewall (C31)', () => {
  test.skipIf(!isAble)(
    'C31: a process that asks no list of ours reaches no private address, in none of its forms, and public ones and what is allowed as before',
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-egress-'));
      try {
        const [rules, script] = [path.join(folder, 'rules.nft'), path.join(folder, 'reach.mjs')];
        writeFileSync(rules, nftRules({ user: '0', allowed: [excepted] }));
        writeFileSync(script, program);
        const addresses = [...forbidden, ...open, excepted];
        const said = execFileSync('unshare', ['-n', process.execPath, script, rules, ...addresses], {
          encoding: 'utf8',
          timeout: 60_000,
        });
        const { before, after } = JSON.parse(said) as Readonly<Record<'before' | 'after', readonly string[]>>;
        // Without the rules all of them answer: what is refused after is refused by nothing else.
        expect(before).toEqual(addresses.map(() => 'answers'));
        const answering = addresses.filter((_, index) => after[index] === 'answers');
        expect(answering).toEqual([...open, excepted]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  test('every network of the list is one, in each form, and none of them is open to relays and webhooks', () => {
    const all = forbiddenNetworksInAllForms();
    expect(all.length).toBeGreaterThan(80);
    for (const { ip } of all) expect(isForbidden(ip)).toBe(true);
  });

  test('what is no network, and what is no name of a user, is refused and gets into no rule', () => {
    expect(() => nftRules({ user: 'patchbay', allowed: ['10.0.0.0/33'] })).toThrow('no network');
    expect(() => nftRules({ user: 'patchbay; flush ruleset', allowed: [] })).toThrow('no user');
    expect(nftRules({ user: 'patchbay', allowed: ['fd00::/8'] })).toContain(
      'meta skuid patchbay ip6 daddr { fd00::/8 } accept',
    );
  });
});
