/** A provider of SAML that we did not write, and what one that lies would send. */
import { type BinaryLike, createPublicKey, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { Constants, IdentityProvider, SamlLib, ServiceProvider, setSchemaValidator } from 'samlify';
import { SignedXml } from 'xml-crypto';
import xmlenc, { type EncryptOptions } from 'xml-encryption';
import { pemOf } from './certificates.ts';
import { type PublishedKeys, type ServiceProviderNames, writeMetadata } from './metadata.ts';
import { type Signer, selfSigned } from './self-signed.testing.ts';

// What it takes is written by us, and tested.
setSchemaValidator({ validate: async () => 'taken as it is' });

export const ENTITY_ID = 'https://idp.example/saml';
export const SIGN_IN_URL = 'https://idp.example/sign-in?tenant=acme';

const attribute = (name: string, valueTag: string) => ({
  name,
  valueTag,
  nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
  valueXsiType: 'xs:string',
});

export interface NamedPerson {
  readonly id: string;
  readonly email: string;
}

export interface SamlAnswer {
  readonly SAMLResponse: string;
  readonly RelayState: string;
}

export interface RealSamlProvider {
  readonly signer: Signer;
  readonly metadata: string;
  /** Signs in whoever comes with a request, at once, and answers what its page would post. */
  answer(
    departure: URL,
    person: NamedPerson,
    /** With what our metadata say of keys: it encrypts, and looks at our requests, by these. */
    names: ServiceProviderNames & { readonly published?: PublishedKeys },
  ): Promise<SamlAnswer>;
}

export function realSamlProvider({
  entityId = ENTITY_ID,
  signInUrl = SIGN_IN_URL,
  encrypts = false,
  wantsSigned = false,
}: {
  readonly entityId?: string;
  readonly signInUrl?: string;
  readonly encrypts?: boolean;
  /** Takes requests that are signed, and no others. */
  readonly wantsSigned?: boolean;
} = {}): RealSamlProvider {
  const signer = selfSigned();
  const provider = IdentityProvider({
    entityID: entityId,
    privateKey: signer.privateKey,
    signingCert: signer.certificate,
    requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    isAssertionEncrypted: encrypts,
    wantAuthnRequestsSigned: wantsSigned,
    nameIDFormat: [Constants.namespace.format.persistent],
    singleSignOnService: [{ Binding: Constants.namespace.binding.redirect, Location: signInUrl }],
    singleLogoutService: [{ Binding: Constants.namespace.binding.redirect, Location: signInUrl }],
    loginResponseTemplate: {
      ...SamlLib.defaultLoginResponseTemplate,
      attributes: [attribute('email', 'email')],
    },
  });
  return {
    signer,
    metadata: provider.getMetadata(),
    async answer(departure, person, { published, ...names }) {
      const here = ServiceProvider({ metadata: writeMetadata(names, published) });
      const query = Object.fromEntries(departure.searchParams);
      // SAML Bindings §3.4.4.1: signed is the text as it was sent, and what the address had besides is not.
      const octetString = departure.search
        .slice(1)
        .split('&')
        .filter((part) => /^(SAMLRequest|RelayState|SigAlg)=/.test(part))
        .join('&');
      const { extract } = await provider.parseLoginRequest(here, 'redirect', { query, octetString });
      const request = extract.request as {
        readonly id: string;
        readonly assertionConsumerServiceUrl: string;
      };
      const xml = responseXml({
        names: { ...names, acsUrl: request.assertionConsumerServiceUrl },
        requestId: request.id,
        issuer: entityId,
        person,
      });
      const { context } = await provider.createLoginResponse(
        here,
        { extract },
        'post',
        { ...person },
        () => ({
          id: '_answer',
          context: xml,
        }),
      );
      return { SAMLResponse: context, RelayState: departure.searchParams.get('RelayState') ?? '' };
    },
  };
}

let answerCount = 0;

function nextId(): string {
  answerCount += 1;
  return `_assertion-${answerCount}`;
}

export interface Told {
  readonly names: ServiceProviderNames;
  /** Undefined: of nobody's. */
  readonly requestId: string | undefined;
  readonly issuer?: string;
  readonly person?: NamedPerson;
  readonly nowMs?: number;
  readonly assertionId?: string;
}

/** What a provider says of somebody, not signed yet. Each has an id of its own. */
export function responseXml({
  names: { entityId, acsUrl },
  requestId,
  issuer = ENTITY_ID,
  person = { id: 'id-of-ada', email: 'ada@acme.example' },
  nowMs = Date.now(),
  assertionId = nextId(),
}: Told): string {
  const at = (ms: number) => new Date(nowMs + ms).toISOString();
  const asked = requestId === undefined ? '' : ` InResponseTo="${requestId}"`;
  const from = `<saml:Issuer>${issuer}</saml:Issuer>`;
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response-of${assertionId}" Version="2.0" IssueInstant="${at(0)}" Destination="${acsUrl}"${asked}>${from}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="${assertionId}" Version="2.0" IssueInstant="${at(0)}">${from}<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${person.id}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${at(300_000)}" Recipient="${acsUrl}"${asked}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(-1_000)}" NotOnOrAfter="${at(300_000)}"><saml:AudienceRestriction><saml:Audience>${entityId}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>${person.email}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>`;
}

export const ECDSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

export interface Signing {
  readonly what?: 'Assertion' | 'Response';
  readonly algorithm?: string;
}

/** With the signature of a provider in it, in clear text. */
export function signedXml(
  xml: string,
  { privateKey, certificate }: Signer,
  { what = 'Assertion', algorithm = RSA_SHA256 }: Signing = {},
): string {
  const place =
    what === 'Assertion'
      ? "/*[local-name()='Response']/*[local-name()='Assertion']"
      : "/*[local-name()='Response']";
  const signed = SamlLib.constructSAMLSignature({
    rawSamlMessage: xml,
    // It signs the message by itself, and would sign it twice.
    ...(what === 'Assertion' ? { referenceTagXPath: place } : {}),
    privateKey,
    signingCert: certificate,
    signatureAlgorithm: algorithm,
    isMessageSigned: what === 'Response',
    isBase64Output: false,
    transformationAlgorithms: [
      'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
      'http://www.w3.org/2001/10/xml-exc-c14n#',
    ],
    signatureConfig: {
      prefix: 'ds',
      location: { reference: `${place}/*[local-name()='Issuer']`, action: 'after' },
    },
  });
  return signed;
}

/** The same by ECDSA, which samlify does not know. */
export function ecdsaSignedXml(xml: string, { privateKey }: Signer, algorithm = ECDSA_SHA256): string {
  const signed = new SignedXml({
    privateKey,
    signatureAlgorithm: algorithm,
    canonicalizationAlgorithm: EXCLUSIVE,
    idAttribute: 'ID',
  });
  signed.SignatureAlgorithms[algorithm] = class {
    getAlgorithmName = () => algorithm;
    verifySignature = () => false;
    getSignature = (signedInfo: BinaryLike): string => {
      const hash = algorithm.slice(-'sha256'.length);
      const bytes = Buffer.from(signedInfo as string);
      return sign(hash, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
    };
  };
  const place = "/*[local-name()='Response']/*[local-name()='Assertion']";
  signed.addReference({
    xpath: place,
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXCLUSIVE],
  });
  signed.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${place}/*[local-name()='Issuer']`, action: 'after' },
  });
  return signed.getSignedXml();
}

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

export interface Encryption {
  readonly data?: string;
  readonly key?: string;
  readonly digest?: string;
}

const encryptWith = promisify(xmlenc.encrypt);

/** The assertion of an answer encrypted to us, as it stands there: signed before, or not. */
export async function encryptedXml(
  xml: string,
  certificate: string,
  { data = AES_GCM, key = OAEP, digest }: Encryption = {},
): Promise<string> {
  const [assertion = ''] = /<saml:Assertion .*<\/saml:Assertion>/s.exec(xml) ?? [];
  const pem = pemOf({ certificate });
  const encrypted = await encryptWith(withNamespace(assertion), {
    rsa_pub: createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString(),
    pem,
    encryptionAlgorithm: data,
    keyEncryptionAlgorithm: key,
    warnInsecureAlgorithm: false,
    ...(digest === undefined ? {} : { keyEncryptionDigest: digest }),
  } as EncryptOptions);
  return xml.replace(assertion, `<saml:EncryptedAssertion>${encrypted}</saml:EncryptedAssertion>`);
}

export const AES_GCM = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
export const OAEP = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';

/** Alone it has to say what its prefix is. */
const withNamespace = (assertion: string) =>
  assertion.includes('xmlns:saml=')
    ? assertion
    : assertion.replace(
        '<saml:Assertion',
        '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"',
      );

export const posted = (xml: string): string => Buffer.from(xml, 'utf8').toString('base64');
