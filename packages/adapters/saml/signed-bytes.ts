/** Which bytes of a document are signed (XML Signature §3.2). All that is believed is read from these. */
import { createPublicKey, type KeyLike, type KeyObject, verify } from 'node:crypto';
import type { ProviderCertificate } from '@patchbay/domain/sso/ports';
import { type SignatureAlgorithm, SignedXml } from 'xml-crypto';
import { pemOf } from './certificates.ts';
import { refuse } from './saml-refused.ts';
import { anywhere, attributeOf, children, isElement, SIGNATURE } from './strict-xml.ts';

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${SIGNATURE}enveloped-signature`;
const TRANSFORM_COUNT_MAX = 2;

const rsaMethods = [
  `${MORE}rsa-sha256`,
  `${MORE}rsa-sha512`,
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
];
const ecdsaHashes: Readonly<Record<string, string>> = {
  [`${MORE}ecdsa-sha256`]: 'sha256',
  [`${MORE}ecdsa-sha384`]: 'sha384',
  [`${MORE}ecdsa-sha512`]: 'sha512',
};

/** What nobody forges: no SHA-1, and no key that both sides know (HMAC). RFC 9231 names them. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  CanonicalizationMethod: [EXCLUSIVE],
  Transform: [EXCLUSIVE, ENVELOPED],
  SignatureMethod: [...rsaMethods, ...Object.keys(ecdsaHashes)],
  DigestMethod: ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'],
};

/** Refuses signatures that are not right below one of these elements, and algorithms that are not taken. */
export function refuseSignatures(root: Element, mayBear: readonly Element[]): void {
  const signatures = anywhere(root, 'Signature');
  const isInPlace = signatures.every(
    (one) => isElement(one, SIGNATURE, 'Signature') && mayBear.some((element) => one.parentNode === element),
  );
  if (!isInPlace || signatures.length > mayBear.length)
    refuse('saml_signature', 'There is one in another place.');
  for (const signature of signatures)
    for (const [method, taken] of Object.entries(algorithms))
      for (const element of anywhere(signature, method)) {
        const algorithm = attributeOf(element, 'Algorithm') ?? '';
        if (!taken.includes(algorithm)) refuse('saml_algorithm', `It names ${algorithm}.`);
        // What is signed is an element without any parts of it: so nobody says with more words what that would be.
        if (children(element).some(({ localName }) => localName !== 'InclusiveNamespaces'))
          refuse('saml_algorithm');
      }
}

export const isSigned = (element: Element): boolean => children(element, SIGNATURE, 'Signature').length > 0;

/**
 * The bytes of an element that its own signature covers, by one of these certificates. What the document itself says of
 * certificates counts for nothing. Throws where nothing holds.
 */
export function signedBytes(
  xml: string,
  element: Element,
  certificates: readonly ProviderCertificate[],
): string {
  const [signature, another] = children(element, SIGNATURE, 'Signature');
  if (signature === undefined || another !== undefined) return refuse('saml_signature', 'There is none.');
  const reference = `#${attributeOf(element, 'ID') ?? ''}`;
  if (anywhere(signature, 'Transform').length > TRANSFORM_COUNT_MAX) refuse('saml_algorithm');
  const [method] = anywhere(signature, 'SignatureMethod');
  const isEcdsa = Object.hasOwn(ecdsaHashes, (method && attributeOf(method, 'Algorithm')) ?? '');
  for (const certificate of certificates) {
    const pem = pemOf(certificate);
    const key = createPublicKey(pem);
    // An algorithm goes with one kind of key: what is named is what is looked at.
    if ((key.asymmetricKeyType === 'ec') !== isEcdsa) continue;
    const bytes = covered(xml, { signature, reference, key: pem });
    if (bytes !== undefined) return bytes;
  }
  return refuse('saml_signature');
}

interface Covering {
  readonly signature: Element;
  /** The one element that may be signed: that which bears the signature. */
  readonly reference: string;
  readonly key: string;
}

function covered(xml: string, { signature, reference, key }: Covering): string | undefined {
  const signed = new SignedXml({ publicCert: key, getCertFromKeyInfo: () => null });
  Object.assign(signed.SignatureAlgorithms, ecdsaAlgorithms);
  try {
    signed.loadSignature(signature);
    const references = signed.getReferences();
    if (references.length !== 1 || references[0]?.uri !== reference || !signed.checkSignature(xml))
      return undefined;
    const found = signed.getSignedReferences();
    return found.length === 1 ? found[0] : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9231 §2.3.6: a signature is both numbers, one behind the other, and not the form of X.509. */
const ecdsaAlgorithms = Object.fromEntries(
  Object.entries(ecdsaHashes).map(([name, hash]) => [
    name,
    class Ecdsa implements SignatureAlgorithm {
      getAlgorithmName(): string {
        return name;
      }
      getSignature(): never {
        throw new Error('Nothing is signed by this here.');
      }
      verifySignature(material: string, key: KeyLike, signatureValue: string): boolean {
        const publicKey: KeyObject = createPublicKey(key as string);
        const value = Buffer.from(signatureValue, 'base64');
        return verify(hash, Buffer.from(material), { key: publicKey, dsaEncoding: 'ieee-p1363' }, value);
      }
    },
  ]),
);
