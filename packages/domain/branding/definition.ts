import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { z } from 'zod';
import { logoThemes } from './brand.ts';
import { LOGO_SIZE_BYTES_MAX } from './logo-image.ts';

/** Of one account, proved or not. */
export const HOST_COUNT_MAX = 20;
const LINK_CHARACTERS_MAX = 500;
const HOST_CHARACTERS_MAX = 255;

/** One line, in which no mail header and no page ends early. */
const line = (charactersMax: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(charactersMax)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'This is one line, without control characters.');
const link = z.url({ protocol: /^https$/ }).max(LINK_CHARACTERS_MAX);
const email = z.email().max(254);
const host = z.string().min(1).max(HOST_CHARACTERS_MAX);

const brandFields = {
  name: line(60),
  /** `#rrggbb`. Tones for text, buttons and both themes are derived, such that they are readable. */
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'This is a colour such as #0b5fff.')
    .optional(),
  supportUrl: link.optional(),
  supportEmail: email.optional(),
  termsUrl: link.optional(),
  privacyUrl: link.optional(),
  /** What mails are from. Absent: the name of the brand. */
  senderName: line(60).optional(),
  /** The host behind its @ has to be proved. */
  senderAddress: email.optional(),
  /** Where links in mails lead: a host that is proved. */
  mainHost: host.optional(),
  /** What clients below are told in place of the names of relays: a host that is proved, and leads to the relays. */
  turnHost: host.optional(),
};

const logo = z.object({
  digest: z.string(),
  mediaType: z.enum(['image/png', 'image/webp']),
  widthPixels: z.int(),
  heightPixels: z.int(),
});
const logos = z.object({ light: logo.optional(), dark: logo.optional() });
const tones = z.object({ accent: z.string(), accentStrong: z.string(), accentInk: z.string() });

const writtenBrand = z.object({
  ...brandFields,
  isSignUpOpen: z.boolean(),
  logos,
  /** What the accent comes to. Absent without one. */
  tones: z.object({ light: tones, dark: tones }).optional(),
});

const brandHost = z.object({
  id: idField('bho'),
  /** In punycode, where it is of another script. */
  host: z.string(),
  state: z.enum(['waiting', 'proved']),
  /** The TXT record that proves whose it is. */
  record: z.object({ name: z.string(), value: z.string() }),
  /** Where a CNAME or ALIAS of the host leads. */
  pointsTo: z.string(),
  createdAt: z.iso.datetime(),
  provedAt: z.iso.datetime().optional(),
});

const theme = z.enum(logoThemes);

export const branding = defineDomain({
  name: 'branding',
  title: 'Branding',
  summary: 'How an account appears to those below it: name, logo, colours, hosts, and who mails are from.',
  events: {
    'brand.changed': z.object({ name: z.string() }),
    'brand.removed': z.object({}),
    'logo.changed': z.object({ theme }),
    'logo.removed': z.object({ theme }),
    'host.added': z.object({ host: z.string() }),
    'host.proved': z.object({ host: z.string() }),
    /** Its TXT record was looked for three times in vain, a day apart. */
    'host.missing': z.object({ host: z.string() }),
    /** To another account that proved it, or because its record was gone for three days. */
    'host.lost': z.object({ host: z.string() }),
    'host.removed': z.object({ host: z.string() }),
  },
  errors: {
    host_unproved: {
      status: 422,
      title: 'A host is named that this account has not proved.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Add the host that `detail` names (brandHosts.add), prove it (brandHosts.verify), and set the brand again.',
    },
    host_refused: {
      status: 422,
      title: 'This is not the name of a host that others can reach.',
      owner: 'client',
      retry: 'never',
      remedy: 'Give a name such as voice.example.com: without scheme, port or path, and no address.',
    },
    host_count: {
      status: 422,
      title: 'The account has as many hosts as it may have.',
      owner: 'client',
      retry: 'never',
      remedy: 'Remove a host that is not needed any more (brandHosts.remove).',
    },
    record_missing: {
      status: 422,
      title: 'The record that proves the host was not found.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Set the TXT record that `detail` names. A record that was looked up before it was set can stay unseen for as long as its zone says.',
    },
    host_taken: {
      status: 409,
      title: 'Another account holds this host, and its proof still stands.',
      owner: 'client',
      retry: 'never',
      remedy: 'Take the TXT record of the other account away: then the one that is there counts.',
    },
    logo_refused: {
      status: 422,
      title: 'This picture is not taken as a logo.',
      owner: 'client',
      retry: 'never',
      remedy: `Send a still PNG or WebP of at most ${LOGO_SIZE_BYTES_MAX} bytes, as base64. \`detail\` says what is wrong with this one.`,
    },
  },
  resources: {
    brand: {
      title: 'Brand',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/brand',
          summary: 'Read what the accounts below see, and what this account sees itself.',
          access: 'read',
          request: z.object({}),
          response: z.object({
            /** Absent while none was set. */
            own: writtenBrand.optional(),
            shown: z.object({
              name: z.string(),
              supportUrl: z.string().optional(),
              supportEmail: z.string().optional(),
              termsUrl: z.string().optional(),
              privacyUrl: z.string().optional(),
            }),
          }),
          errors: [],
        },
        set: {
          method: 'PUT',
          path: '/brand',
          summary:
            'Set the brand anew. What is left out has a neutral default, and never that of an account above.',
          access: 'administer',
          replaces: 'get',
          request: z.strictObject({ ...brandFields, isSignUpOpen: z.boolean().default(false) }),
          response: writtenBrand,
          errors: ['branding.host_refused', 'branding.host_unproved'],
        },
        remove: {
          method: 'DELETE',
          path: '/brand',
          summary: 'Take the brand back, with its logos. Those below see that of the account above again.',
          access: 'administer',
          request: z.object({}),
          response: z.object({ name: z.string() }),
          errors: ['resource.unknown'],
        },
        setLogo: {
          method: 'PUT',
          path: '/brand/logos/{theme}',
          summary: 'Set the logo for light or dark pages: a still PNG or WebP, as base64.',
          access: 'administer',
          request: z.strictObject({
            theme,
            data: z.base64().max(4 * Math.ceil(LOGO_SIZE_BYTES_MAX / 3) + 4),
          }),
          response: logo,
          errors: ['resource.unknown', 'branding.logo_refused'],
        },
        removeLogo: {
          method: 'DELETE',
          path: '/brand/logos/{theme}',
          summary: 'Take the logo for light or dark pages away.',
          access: 'administer',
          request: z.object({ theme }),
          response: logo,
          errors: ['resource.unknown'],
        },
      },
    },
    brandHosts: {
      title: 'Hosts of the brand',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/brand-hosts',
          summary: 'List the hosts of this account, with the records that prove them.',
          access: 'read',
          request: z.object({}),
          response: z.object({ items: z.array(brandHost) }),
          errors: [],
        },
        add: {
          method: 'POST',
          path: '/brand-hosts',
          summary: 'Name a host, and learn which record proves it.',
          access: 'administer',
          request: z.strictObject({ host }),
          response: brandHost,
          errors: ['branding.host_refused', 'branding.host_count'],
        },
        verify: {
          method: 'POST',
          path: '/brand-hosts/{hostId}/checks',
          summary:
            'Look the record up. Once it is there, the host shows this brand, and belongs to this account alone.',
          access: 'administer',
          request: z.object({ hostId: idSchema('bho') }),
          response: brandHost,
          errors: ['resource.unknown', 'branding.record_missing', 'branding.host_taken'],
        },
        remove: {
          method: 'DELETE',
          path: '/brand-hosts/{hostId}',
          summary: 'Give a host up. What the brand used it for has a neutral default again, at once.',
          access: 'administer',
          isAllowedAtClosed: true,
          request: z.object({ hostId: idSchema('bho') }),
          response: brandHost,
          errors: ['resource.unknown'],
        },
      },
    },
  },
});
