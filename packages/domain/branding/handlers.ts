import { type DomainContext, type DomainHandlers, prepared } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import { accentTones, type HexColour } from './accent-tones.ts';
import { type Brand, type Logos, shownBrandOf } from './brand.ts';
import { type branding, HOST_COUNT_MAX } from './definition.ts';
import { challengeNameOf, hostNameOf } from './host-name.ts';
import { readLogo } from './logo-image.ts';
import type { BrandingPorts, HostRecord } from './ports.ts';

type Branding = typeof branding;
type SetContext = DomainContext<Branding, 'brand', 'set'>;

export const handlers: DomainHandlers<Branding, BrandingPorts> = {
  brand: {
    async get({ entity }, _request, { brands }) {
      const own = await brands.find(entity);
      const { name, supportUrl, supportEmail, termsUrl, privacyUrl } = shownBrandOf(
        await brands.above(entity),
      );
      return {
        ...(own === undefined ? {} : { own: toAnswer(own.brand, own.logos) }),
        shown: { name, supportUrl, supportEmail, termsUrl, privacyUrl },
      };
    },

    async set(context, request, ports) {
      const { accountId } = context.entity;
      const brand = await checked(context, request as Brand, ports);
      const before = await ports.brands.put({ accountId, brand });
      context.audit({ target: `${accountId}/brand`, before: before ?? {}, after: brand });
      await context.emit('brand.changed', { name: brand.name });
      return toAnswer(brand, (await ports.brands.find({ accountId }))?.logos ?? {});
    },

    async remove(context, _request, { brands }) {
      const { accountId } = context.entity;
      const before = await brands.remove({ accountId });
      if (before === undefined) throw context.error('resource.unknown', 'This account has no brand.');
      context.audit({ target: `${accountId}/brand`, before, after: {} });
      await context.emit('brand.removed', {});
      return { name: before.name };
    },

    async setLogo(context, { theme, data }, { logos, digestOf }) {
      const { accountId } = context.entity;
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const image = readLogo(bytes);
      if ('refusal' in image) throw context.error('branding.logo_refused', `/data: ${image.refusal}`);
      const logo = { ...image, digest: digestOf(bytes) };
      const put = await logos.put({ accountId, theme, logo, bytes });
      if (put === undefined) throw context.error('resource.unknown', 'This account has no brand yet.');
      const { before = {} } = put;
      context.audit({ target: `${accountId}/brand/logos/${theme}`, before, after: logo });
      if (isChanged(before, logo)) await context.emit('logo.changed', { theme });
      return logo;
    },

    async removeLogo(context, { theme }, { logos }) {
      const { accountId } = context.entity;
      const before = await logos.remove({ accountId, theme });
      if (before === undefined)
        throw context.error('resource.unknown', `This account has no logo for ${theme} pages.`);
      context.audit({ target: `${accountId}/brand/logos/${theme}`, before, after: {} });
      await context.emit('logo.removed', { theme });
      return before;
    },
  },

  brandHosts: {
    async list({ entity }, _request, ports) {
      const pointsTo = await targetFor(entity, ports);
      return { items: (await ports.hosts.list(entity)).map((host) => toHost(host, pointsTo)) };
    },

    async add(context, { host: written }, ports) {
      const { accountId } = context.entity;
      const host = hostNameOf(written);
      if (host === undefined || host === ports.platformHost)
        throw context.error('branding.host_refused', `/host: ${written} is none.`);
      const added = await ports.hosts.add({
        accountId,
        host,
        token: ports.newToken(),
        countMax: HOST_COUNT_MAX,
      });
      if (added === undefined)
        throw context.error('branding.host_count', `At most ${HOST_COUNT_MAX} hosts of one account.`);
      const { id } = added.host;
      context.audit({ target: id, ...(added.isNew ? {} : { before: { host } }), after: { host } });
      if (added.isNew) await context.emit('host.added', { host });
      return toHost(added.host, await targetFor(context.entity, ports));
    },

    // What nobody knows how long it takes is waited for outside of the transaction.
    verify: prepared(async (context, { hostId }, ports) => {
      const { accountId } = context.entity;
      const claim = await ports.hosts.find({ accountId, hostId });
      const found = claim === undefined ? [] : await ports.names.textsAt(challengeNameOf(claim.host));
      return async () => {
        const proof = await ports.hosts.prove({ accountId, hostId, found });
        switch (proof.outcome) {
          case 'unknown':
            throw context.error('resource.unknown', `This account has no host ${hostId}.`);
          case 'missing':
            throw context.error(
              'branding.record_missing',
              `There is no TXT record ${challengeNameOf(claim?.host ?? '')} that says ${claim?.token}.`,
            );
          case 'taken':
            throw context.error('branding.host_taken', `${claim?.host} is held by another account.`);
          case 'proved': {
            const { host, lostBy } = proof;
            const before = { host: host.host, isProved: claim?.provedAt !== undefined };
            context.audit({ target: hostId, before, after: { host: host.host, isProved: true } });
            await context.emit('host.proved', { host: host.host });
            // Whose name is in the log of this account is nobody else's business.
            if (lostBy !== undefined) await context.emit('host.lost', { host: host.host }, lostBy);
            return toHost(host, await targetFor(context.entity, ports));
          }
        }
      };
    }),

    async remove(context, { hostId }, ports) {
      const { accountId } = context.entity;
      const pointsTo = await targetFor(context.entity, ports);
      const removed = await ports.hosts.remove({ accountId, hostId });
      if (removed === undefined)
        throw context.error('resource.unknown', `This account has no host ${hostId}.`);
      const { host, provedAt } = removed;
      context.audit({ target: hostId, before: { host, isProved: provedAt !== undefined }, after: {} });
      await context.emit('host.removed', { host });
      return toHost(removed, pointsTo);
    },
  },
};

/** Hosts by their names in DNS, each proved by this account: a brand speaks for no other. */
async function checked(context: SetContext, written: Brand, { hosts }: BrandingPorts): Promise<Brand> {
  const proved = (await hosts.list(context.entity))
    .filter(({ provedAt }) => provedAt !== undefined)
    .map(({ host }) => host);
  const provedHost = (field: 'mainHost' | 'turnHost' | 'senderAddress', name: string): string => {
    const host = hostNameOf(name);
    if (host === undefined) throw context.error('branding.host_refused', `/${field}: ${name} is none.`);
    if (!proved.includes(host))
      throw context.error('branding.host_unproved', `/${field}: ${host} is not proved.`);
    return host;
  };
  const { mainHost, turnHost, senderAddress, accent, ...rest } = written;
  const [local = '', domain = ''] = senderAddress?.split('@') ?? [];
  return {
    ...rest,
    ...(accent === undefined ? {} : { accent: accent.toLowerCase() as HexColour }),
    ...(mainHost === undefined ? {} : { mainHost: provedHost('mainHost', mainHost) }),
    ...(turnHost === undefined ? {} : { turnHost: provedHost('turnHost', turnHost) }),
    ...(senderAddress === undefined
      ? {}
      : { senderAddress: `${local}@${provedHost('senderAddress', domain)}` }),
  };
}

const toAnswer = (brand: Brand, logos: Logos) => ({
  ...brand,
  logos,
  ...(brand.accent === undefined ? {} : { tones: accentTones(brand.accent) }),
});

/** Those below another brand point to that one's host: of the platform they are not told. */
const targetFor = async (
  account: { readonly accountId: string },
  { brands, platformHost }: Pick<BrandingPorts, 'brands' | 'platformHost'>,
): Promise<string> => (await brands.above(account))?.host ?? platformHost;

const toHost = ({ id, host, token, createdAt, provedAt }: HostRecord, pointsTo: string) => ({
  id,
  host,
  state: provedAt === undefined ? ('waiting' as const) : ('proved' as const),
  record: { name: challengeNameOf(host), value: token },
  pointsTo,
  createdAt: createdAt.toISOString(),
  ...(provedAt === undefined ? {} : { provedAt: provedAt.toISOString() }),
});
