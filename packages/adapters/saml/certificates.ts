import { type KeyObject, X509Certificate } from 'node:crypto';
import type { ProviderCertificate, SamlUnread } from '@patchbay/domain/sso/ports';

const RSA_BITS_MIN = 2_048;
/** P-256, P-384 and P-521, as OpenSSL names them. */
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Certificates as files and pages of providers have them: PEM, or base64 alone. Each once. */
export function readCertificates(texts: readonly string[]): readonly ProviderCertificate[] | SamlUnread {
  const found = new Map<string, ProviderCertificate>();
  for (const text of texts) {
    const read = readCertificate(text);
    if ('refused' in read) return read;
    found.set(read.fingerprint, read);
  }
  return [...found.values()];
}

function readCertificate(text: string): ProviderCertificate | SamlUnread {
  const base64 = text.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { refused: 'A certificate is neither PEM nor base64.' };
  const certificate = parsed(Buffer.from(base64, 'base64'));
  if (certificate === undefined) return { refused: 'A certificate is no X.509 certificate.' };
  const { publicKey, raw, fingerprint256, validToDate } = certificate;
  if (!isTaken(publicKey))
    return {
      refused: `The key of a certificate is neither RSA of at least ${RSA_BITS_MIN} bits nor ECDSA of P-256, P-384 or P-521.`,
    };
  return {
    certificate: raw.toString('base64'),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    endsAt: validToDate.toISOString(),
  };
}

function isTaken({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (details?.modulusLength ?? 0) >= RSA_BITS_MIN;
  return asymmetricKeyType === 'ec' && curves.includes(details?.namedCurve ?? '');
}

function parsed(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

export const pemOf = ({ certificate }: Pick<ProviderCertificate, 'certificate'>): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
