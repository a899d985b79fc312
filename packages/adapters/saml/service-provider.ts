import { createHash } from 'node:crypto';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import type { SamlSettings } from '@patchbay/domain/sso/ports';
import { type Expected, type ReadAssertion, readAssertion } from './assertion.ts';
import { pemOf } from './certificates.ts';
import type { ServiceProviderNames } from './metadata.ts';
import { refuse } from './saml-refused.ts';
import {
  ASSERTION,
  anywhere,
  attributeOf,
  children,
  everyElement,
  isElement,
  PROTOCOL,
  SIGNATURE,
  strictXml,
  textOf,
} from './strict-xml.ts';

export type SamlProvider = Pick<SamlSettings, 'issuer' | 'signInUrl' | 'certificates'>;

export interface SamlDeparture {
  readonly names: ServiceProviderNames;
  /** The RelayState: it comes back with the answer, and the browser shows that it began with it. */
  readonly state: string;
}

export interface SamlArrival {
  readonly names: ServiceProviderNames;
  /** As it was posted. */
  readonly response: string;
  /** With which the browser left. Undefined: it comes unasked. */
  readonly state: string | undefined;
}

export interface ServiceProvider {
  /** Where to send the browser: by redirect, with a request that is bound to its state (SAML Bindings §3.4). */
  depart(provider: SamlProvider, departure: SamlDeparture): Promise<URL>;
  /** Whom the provider signed in. Throws a ProviderError. */
  arrive(provider: SamlProvider, arrival: SamlArrival): Promise<ReadAssertion>;
}

/** More than any answer with a thousand groups has. */
export const RESPONSE_BYTES_MAX = 262_144;
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${SIGNATURE}enveloped-signature`;
/** What the library verifies, and nobody forges: no SHA-1, and no key that both sides know (HMAC). RFC 9231 names them. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  CanonicalizationMethod: [EXCLUSIVE],
  Transform: [EXCLUSIVE, ENVELOPED],
  SignatureMethod: [
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
    'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
  ],
  DigestMethod: ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'],
};

/** The id of the request that goes with a state: out of it, so nothing has to be kept. */
const requestIdOf = (state: string): string =>
  `_${createHash('sha256').update(`saml request ${state}`).digest('hex')}`;

/** The library makes requests, and says which bytes are signed. All that is believed is read from these, by us. */
const libraryOf = (
  { signInUrl, certificates }: SamlProvider,
  { entityId, acsUrl }: ServiceProviderNames,
  id = '',
) =>
  new SAML({
    entryPoint: signInUrl,
    idpCert: certificates.map(pemOf),
    issuer: entityId,
    callbackUrl: acsUrl,
    generateUniqueId: () => id,
    // Which id, and how somebody proves who they are, is for the provider to say.
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    // Either will do; `shapeOf` looks that one of them is there.
    wantAssertionsSigned: false,
    wantAuthnResponseSigned: false,
    audience: false,
    acceptedClockSkewMs: -1,
    validateInResponseTo: ValidateInResponseTo.never,
  });

/** Signs people in by providers that speak SAML 2.0 (SAML Profiles §4.1). */
export const serviceProvider = ({ nowMs }: { readonly nowMs: () => number }): ServiceProvider => ({
  async depart(provider, { names, state }) {
    const library = libraryOf(provider, names, requestIdOf(state));
    return new URL(await library.getAuthorizeUrlAsync(state, undefined, {}));
  },

  async arrive(provider, { names, response, state }) {
    const expected: Expected = {
      issuer: provider.issuer,
      names,
      requestId: state === undefined ? undefined : requestIdOf(state),
      nowMs: nowMs(),
    };
    const xml = decoded(response);
    // First for the word that says what is wrong: of what is not signed nothing is believed.
    readAssertion(shapeOf(xml, expected), expected);
    return readAssertion(await signedAssertion(libraryOf(provider, names), xml), expected);
  },
});

function decoded(response: string): string {
  const base64 = response.replace(/\s/g, '');
  if (base64.length > (RESPONSE_BYTES_MAX * 4) / 3 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    refuse('saml_unreadable');
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** The only assertion, of a response that is meant for us and signed as may be. Whether it is signed truly is another question. */
function shapeOf(xml: string, { issuer, names, requestId }: Expected): Element {
  const root = strictXml(xml);
  if (root === undefined || !isElement(root, PROTOCOL, 'Response')) return refuse('saml_unreadable');
  const [status] = children(root, PROTOCOL, 'Status');
  const codes =
    status === undefined
      ? []
      : anywhere(status, 'StatusCode').map((code) => attributeOf(code, 'Value') ?? '');
  if (codes[0] !== SUCCESS) refuse('saml_status', codes.map((code) => code.split(':').at(-1)).join(', '));
  const destination = attributeOf(root, 'Destination');
  if (destination !== undefined && destination !== names.acsUrl)
    refuse('saml_recipient', `It names ${destination}, and ${names.acsUrl} is right.`);
  // What the answer as a whole leaves out, its assertion still has to say.
  if ((attributeOf(root, 'InResponseTo') ?? requestId) !== requestId) refuse('saml_unasked');
  const from = textOf(children(root, ASSERTION, 'Issuer')[0]);
  if (from !== undefined && from !== issuer) refuse('saml_issuer', `It says ${from}, and ${issuer} is set.`);
  refuseTwins(root);
  if (anywhere(root, 'EncryptedAssertion').length > 0 || anywhere(root, 'EncryptedID').length > 0)
    refuse('saml_encrypted');
  const [assertion, another] = anywhere(root, 'Assertion');
  if (assertion === undefined || another !== undefined)
    return refuse('saml_unreadable', 'It has not one assertion.');
  if (assertion.parentNode !== root || !isElement(assertion, ASSERTION, 'Assertion'))
    refuse('saml_unreadable');
  refuseSignatures(root, assertion);
  return assertion;
}

/** What has the id of something else is how one thing is signed and another is read. */
function refuseTwins(root: Element): void {
  const ids = everyElement(root).flatMap((element) =>
    ['ID', 'Id', 'id', 'xml:id'].flatMap((name) => attributeOf(element, name) ?? []),
  );
  if (new Set(ids).size !== ids.length) refuse('saml_signature', 'Two elements have one id.');
}

function refuseSignatures(root: Element, assertion: Element): void {
  const signatures = anywhere(root, 'Signature');
  if (signatures.length === 0) refuse('saml_signature', 'There is none.');
  const isInPlace = signatures.every(
    (one) =>
      isElement(one, SIGNATURE, 'Signature') && (one.parentNode === root || one.parentNode === assertion),
  );
  if (!isInPlace || signatures.length > 2) refuse('saml_signature', 'There is one in another place.');
  for (const [method, taken] of Object.entries(algorithms))
    for (const element of anywhere(root, method)) {
      const algorithm = attributeOf(element, 'Algorithm') ?? '';
      if (!taken.includes(algorithm)) refuse('saml_algorithm', `It names ${algorithm}.`);
      // What is signed is an element without any parts of it: so nobody says with more words what that would be.
      if (children(element).some(({ localName }) => localName !== 'InclusiveNamespaces'))
        refuse('saml_algorithm');
    }
}

/** Out of the signed bytes alone. */
async function signedAssertion(library: SAML, xml: string): Promise<Element> {
  const SAMLResponse = Buffer.from(xml, 'utf8').toString('base64');
  const verified = await library
    .validatePostResponseAsync({ SAMLResponse })
    .then(({ profile }) => profile?.getAssertionXml?.())
    .catch(() => undefined);
  if (verified === undefined) return refuse('saml_signature');
  const assertion = strictXml(verified);
  if (assertion === undefined || !isElement(assertion, ASSERTION, 'Assertion'))
    return refuse('saml_signature');
  return assertion;
}
