import { createHash, type KeyObject } from 'node:crypto';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import type { SamlSettings } from '@patchbay/domain/sso/ports';
import { type Expected, type ReadAssertion, readAssertion } from './assertion.ts';
import { pemOf } from './certificates.ts';
import { encryptedIn, openAssertion } from './encrypted-assertion.ts';
import type { ServiceProviderNames } from './metadata.ts';
import { refuse } from './saml-refused.ts';
import { isSigned, refuseSignatures, signedBytes } from './signed-bytes.ts';
import {
  ASSERTION,
  anywhere,
  attributeOf,
  children,
  everyElement,
  isElement,
  PROTOCOL,
  strictXml,
  textOf,
} from './strict-xml.ts';

export type SamlProvider = Pick<SamlSettings, 'issuer' | 'signInUrl' | 'certificates'>;

export interface SamlDeparture {
  readonly names: ServiceProviderNames;
  /** The RelayState: it comes back with the answer, and the browser shows that it began with it. */
  readonly state: string;
  /** Signs the request, where the provider is to see that it is ours. */
  readonly signingKey?: KeyObject | undefined;
}

export interface SamlArrival {
  readonly names: ServiceProviderNames;
  /** As it was posted. */
  readonly response: string;
  /** With which the browser left. Undefined: it comes unasked. */
  readonly state: string | undefined;
  /** What may be encrypted to. */
  readonly keys?: readonly KeyObject[];
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

/** The id of the request that goes with a state: out of it, so nothing has to be kept. */
const requestIdOf = (state: string): string =>
  `_${createHash('sha256').update(`saml request ${state}`).digest('hex')}`;

/** The library makes requests. */
const libraryOf = (
  { signInUrl, certificates }: SamlProvider,
  { names: { entityId, acsUrl }, state, signingKey }: SamlDeparture,
) =>
  new SAML({
    entryPoint: signInUrl,
    idpCert: certificates.map(pemOf),
    issuer: entityId,
    callbackUrl: acsUrl,
    generateUniqueId: () => requestIdOf(state),
    // Which id, and how somebody proves who they are, is for the provider to say.
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    validateInResponseTo: ValidateInResponseTo.never,
    ...(signingKey === undefined
      ? {}
      : {
          privateKey: signingKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
          signatureAlgorithm: 'sha256',
        }),
  });

/** Signs people in by providers that speak SAML 2.0 (SAML Profiles §4.1). */
export const serviceProvider = ({ nowMs }: { readonly nowMs: () => number }): ServiceProvider => ({
  async depart(provider, departure) {
    return new URL(await libraryOf(provider, departure).getAuthorizeUrlAsync(departure.state, undefined, {}));
  },

  async arrive(provider, { names, response, state, keys = [] }) {
    const expected: Expected = {
      issuer: provider.issuer,
      names,
      requestId: state === undefined ? undefined : requestIdOf(state),
      nowMs: nowMs(),
    };
    return readAssertion(assertionOf(decoded(response), { expected, provider, keys }), expected);
  },
});

function decoded(response: string): string {
  const base64 = response.replace(/\s/g, '');
  if (base64.length > (RESPONSE_BYTES_MAX * 4) / 3 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    refuse('saml_unreadable');
  return withPlainEnds(Buffer.from(base64, 'base64').toString('utf8'));
}

/** XML 1.0 §2.11: whoever reads a document makes one end of a line of each. What is signed was made of such. */
const withPlainEnds = (xml: string) => xml.replace(/\r\n?/g, '\n');

interface Answer {
  readonly expected: Expected;
  readonly provider: SamlProvider;
  readonly keys: readonly KeyObject[];
}

/** The one assertion of an answer, out of signed bytes alone. */
function assertionOf(xml: string, { expected, provider: { certificates }, keys }: Answer): Element {
  const root = envelopeOf(xml, expected);
  const encrypted = encryptedIn(root);
  if (encrypted === undefined) {
    const assertion = onlyAssertion(root);
    refuseSignatures(root, [root, assertion]);
    if (!isSigned(root) && !isSigned(assertion)) refuse('saml_signature', 'There is none.');
    // First for the word that says what is wrong: of what is not signed nothing is believed.
    readAssertion(assertion, expected);
    const ofAssertion = isSigned(assertion) ? signedBytes(xml, assertion, certificates) : undefined;
    if (!isSigned(root)) return parsedAssertion(ofAssertion ?? '');
    return onlyAssertion(parsedResponse(signedBytes(xml, root, certificates)));
  }
  if (anywhere(root, 'Assertion').length > 0)
    refuse('saml_unreadable', 'It has one assertion in the clear and one that is encrypted.');
  refuseSignatures(root, [root]);
  // What is around it is looked at first: so of what somebody changed there nothing is opened.
  const around = isSigned(root) ? parsedResponse(signedBytes(xml, root, certificates)) : root;
  const sealed = encryptedIn(around) ?? refuse('saml_signature');
  const within = withPlainEnds(openAssertion(sealed, keys));
  const assertion = strictXml(within);
  // By one word with what does not open: see there.
  if (assertion === undefined || !isElement(assertion, ASSERTION, 'Assertion'))
    return refuse('saml_encrypted', 'What is within is no assertion.');
  refuseTwins(assertion);
  refuseEncryptedIds(assertion);
  refuseSignatures(assertion, [assertion]);
  if (isSigned(assertion)) return parsedAssertion(signedBytes(within, assertion, certificates));
  // Whoever has our certificate can encrypt to us.
  return isSigned(root) ? assertion : refuse('saml_signature', 'There is none.');
}

/** A response that is meant for us. Whether it is signed truly is another question. */
function envelopeOf(xml: string, { issuer, names, requestId }: Expected): Element {
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
  refuseEncryptedIds(root);
  return root;
}

function refuseEncryptedIds(root: Element): void {
  if (anywhere(root, 'EncryptedID').length > 0)
    refuse('saml_encrypted', 'Its NameID is encrypted by itself: encrypt the assertion instead.');
}

function onlyAssertion(root: Element): Element {
  const [assertion, another] = anywhere(root, 'Assertion');
  if (assertion === undefined || another !== undefined)
    return refuse('saml_unreadable', 'It has not one assertion.');
  if (assertion.parentNode !== root || !isElement(assertion, ASSERTION, 'Assertion'))
    refuse('saml_unreadable');
  return assertion;
}

const parsedResponse = (signed: string): Element => parsedAs(signed, [PROTOCOL, 'Response']);
const parsedAssertion = (signed: string): Element => parsedAs(signed, [ASSERTION, 'Assertion']);

function parsedAs(signed: string, [namespace, localName]: readonly [string, string]): Element {
  const root = strictXml(signed);
  return root !== undefined && isElement(root, namespace, localName) ? root : refuse('saml_signature');
}

/** What has the id of something else is how one thing is signed and another is read. */
function refuseTwins(root: Element): void {
  const ids = everyElement(root).flatMap((element) =>
    ['ID', 'Id', 'id', 'xml:id'].flatMap((name) => attributeOf(element, name) ?? []),
  );
  if (new Set(ids).size !== ids.length) refuse('saml_signature', 'Two elements have one id.');
}
