/** Who a provider is, and who we are to it, in the documents that both sides hand over (SAML Metadata §2). */
import { CERTIFICATE_COUNT_MAX } from '@patchbay/domain/sso/definition';
import type { SamlIdentity, SamlUnread } from '@patchbay/domain/sso/ports';
import { readCertificates } from './certificates.ts';
import {
  anywhere,
  attributeOf,
  children,
  ENCRYPTION,
  isElement,
  METADATA,
  PROTOCOL,
  SIGNATURE,
  strictXml,
  textOf,
} from './strict-xml.ts';

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const ENTITY_ID_CHARACTERS_MAX = 300;
const URL_CHARACTERS_MAX = 500;

const refused = (why: string): SamlUnread => ({ refused: why });

/** The one provider of a document, which may stand in a list with services (§2.3.1). */
export function readMetadata(xml: string): SamlIdentity | SamlUnread {
  const root = strictXml(xml, { mayHaveComments: true });
  if (root === undefined) return refused('This is no XML document without a document type.');
  const described = anywhere(root, 'EntityDescriptor').filter((one) =>
    isElement(one, METADATA, 'EntityDescriptor'),
  );
  const providers = described.flatMap((entity) =>
    children(entity, METADATA, 'IDPSSODescriptor').map((provider) => ({ entity, provider })),
  );
  const [found, another] = providers;
  if (found === undefined) return refused('It describes no identity provider (IDPSSODescriptor).');
  if (another !== undefined)
    return refused('It describes several identity providers: take that of yours alone.');
  return identityIn(found);
}

function identityIn({
  entity,
  provider,
}: {
  readonly entity: Element;
  readonly provider: Element;
}): SamlIdentity | SamlUnread {
  const issuer = attributeOf(entity, 'entityID')?.trim() ?? '';
  if (issuer === '' || issuer.length > ENTITY_ID_CHARACTERS_MAX)
    return refused('It names no entityID, or a very long one.');
  if (!(attributeOf(provider, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL))
    return refused('Its provider does not speak SAML 2.0.');
  const service = children(provider, METADATA, 'SingleSignOnService').find(
    (one) => attributeOf(one, 'Binding') === REDIRECT,
  );
  const signInUrl = attributeOf(service ?? provider, 'Location') ?? '';
  if (!URL.canParse(signInUrl) || signInUrl.length > URL_CHARACTERS_MAX)
    return refused('It names no address for signing in by redirect (HTTP-Redirect).');
  // §2.4.1.1: a key without a use is for both.
  const keys = children(provider, METADATA, 'KeyDescriptor').filter(
    (key) => attributeOf(key, 'use') !== 'encryption',
  );
  const texts = keys.flatMap((key) => anywhere(key, 'X509Certificate').map(textOf));
  const certificates = readCertificates(texts.filter((text) => text !== undefined));
  if ('refused' in certificates) return certificates;
  if (certificates.length === 0) return refused('It has no certificate for signing.');
  if (certificates.length > CERTIFICATE_COUNT_MAX)
    return refused(`It has more than ${CERTIFICATE_COUNT_MAX} certificates for signing.`);
  return { issuer, signInUrl, certificates };
}

export interface ServiceProviderNames {
  readonly entityId: string;
  readonly acsUrl: string;
}

/** What a provider has to know of us (§2.4.4). It says nothing of who set what. */
export const writeMetadata = (
  { entityId, acsUrl }: ServiceProviderNames,
  { encryption, signing, signsRequests }: PublishedKeys = nothingPublished,
): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="${METADATA}" entityID="${escaped(entityId)}">
  <md:SPSSODescriptor AuthnRequestsSigned="${signsRequests}" WantAssertionsSigned="true" protocolSupportEnumeration="${PROTOCOL}">
${[...signing.map((certificate) => keyDescriptor('signing', certificate)), ...encryption.map((certificate) => keyDescriptor('encryption', certificate))].join('')}    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="${POST}" Location="${escaped(acsUrl)}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`;

/** Certificates of ours, DER in base64. */
export interface PublishedKeys {
  /** While one is replaced by the next, both: whoever knows both notices nothing. */
  readonly signing: readonly string[];
  /** The newest alone: whoever reads this encrypts to it. */
  readonly encryption: readonly string[];
  readonly signsRequests: boolean;
}

const nothingPublished: PublishedKeys = { signing: [], encryption: [], signsRequests: false };

const keyDescriptor = (use: 'signing' | 'encryption', certificate: string): string =>
  `    <md:KeyDescriptor use="${use}">
      <ds:KeyInfo xmlns:ds="${SIGNATURE}"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>${
        use === 'signing' ? '' : encryptionMethods
      }
    </md:KeyDescriptor>
`;

/** What we open, the best first. */
const encryptionMethods = [
  'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  'http://www.w3.org/2009/xmlenc11#aes128-gcm',
  `${ENCRYPTION}aes256-cbc`,
  `${ENCRYPTION}aes128-cbc`,
  `${ENCRYPTION}rsa-oaep-mgf1p`,
]
  .map((algorithm) => `\n      <md:EncryptionMethod Algorithm="${algorithm}"/>`)
  .join('');

const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
