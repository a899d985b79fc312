import type { PublishedAddress } from '@patchbay/domain/fleet/published-address';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';

/** Where the platform is reached now, for whoever writes firewall rules (ACC-9). */
export function AddressesPage({ items }: { readonly items: readonly PublishedAddress[] }): ReactNode {
  return (
    <main className="mx-auto max-w-4xl px-4 py-10">
      <h1 className="text-lg font-semibold tracking-tight">Addresses of the platform</h1>
      <p className="mt-3 max-w-prose">
        Let these through where a firewall stands between your clients or servers and the platform. They
        follow the nodes that serve at this moment: have your rules read them again rather than copy them.
      </p>
      <p className="mt-3 mb-6 text-ink-soft">
        For a program: <FileLink name="addresses" label="JSON" />,{' '}
        <FileLink name="addresses.csv" label="CSV" />,{' '}
        <FileLink name="addresses.txt" label="each host once" />.
      </p>
      <Table label="Addresses" columns={columns} rows={items} rowKey={(item) => JSON.stringify(item)} />
      <dl className="mt-6 grid max-w-prose gap-3 text-ink-soft">
        <div>
          <dt className="font-medium text-ink">Clients connect</dt>
          <dd>Browsers and servers open connections to it.</dd>
        </div>
        <div>
          <dt className="font-medium text-ink">Media comes from</dt>
          <dd>The other party of a relayed call sees its media come from there.</dd>
        </div>
      </dl>
    </main>
  );
}

const FileLink = ({ name, label }: { readonly name: string; readonly label: string }) => (
  <a href={`/v1/${name}`} className="text-ink underline underline-offset-2">
    {label}
  </a>
);

const roles: Readonly<Record<PublishedAddress['role'], string>> = {
  api: 'API and dashboard',
  relay: 'Relay',
  signaling: 'Signaling',
};

const columns: readonly Column<PublishedAddress>[] = [
  { key: 'role', header: 'Part', isTitle: true, cell: ({ role }) => roles[role] },
  {
    key: 'use',
    header: 'Use',
    cell: ({ use }) => (use === 'client' ? 'Clients connect' : 'Media comes from'),
  },
  { key: 'region', header: 'Region', cell: ({ region }) => region ?? '—' },
  { key: 'transport', header: 'Transport', cell: ({ transport }) => transport.toUpperCase() },
  {
    key: 'host',
    header: 'Host',
    isWide: true,
    cell: ({ host }) => <code className="break-all">{host}</code>,
  },
  {
    key: 'ports',
    header: 'Ports',
    isNumber: true,
    cell: ({ portMin, portMax }) => (portMin === portMax ? portMin : `${portMin}–${portMax}`),
  },
];
