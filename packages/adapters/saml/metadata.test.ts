import { describe, expect, test } from 'vitest';
import { FetchError } from '../outgoing/safe-fetch.ts';
import { readCertificates } from './certificates.ts';
import { readMetadata } from './metadata.ts';
import { metadataFetcher } from './metadata-fetcher.ts';
import { ENTITY_ID, realSamlProvider, SIGN_IN_URL } from './real-provider.testing.ts';
import { selfSigned } from './self-signed.testing.ts';

const { metadata, signer } = realSamlProvider();
const known = readMetadata(metadata);
const refused = (why: string) => ({ refused: expect.stringContaining(why) });

const DAY_MS = 24 * 3_600_000;

describe('the certificates of a provider', () => {
  test('are taken as PEM or base64, each once, with the day on which they end', () => {
    const endsMs = Math.floor((Date.now() + 9 * DAY_MS) / 1_000) * 1_000;
    const { certificate } = selfSigned({ endsMs });
    const pem = `-----BEGIN CERTIFICATE-----\r\n${certificate.replace(/.{64}/g, '$&\r\n')}\r\n-----END CERTIFICATE-----\n`;
    expect(readCertificates([certificate, pem])).toEqual([
      {
        certificate,
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        endsAt: new Date(endsMs).toISOString(),
      },
    ]);
  });

  test('are refused where they are none, or their key can be broken', () => {
    expect(readCertificates(['<b>'])).toEqual(refused('neither PEM'));
    expect(readCertificates(['AAAA'])).toEqual(refused('X.509'));
    expect(readCertificates([selfSigned({ bits: 1_024 }).certificate])).toEqual(refused('2048'));
  });
});

describe('the metadata of a provider', () => {
  test('may stand in a list, with comments and with keys for something else', () => {
    const [body = ''] = /<EntityDescriptor.*/s.exec(metadata) ?? [];
    const encryption = `<KeyDescriptor use="encryption"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${selfSigned().certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`;
    const listed = `<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand <!DOCTYPE --><EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${body.replace('<KeyDescriptor', `${encryption}<KeyDescriptor`)}</EntitiesDescriptor>`;
    expect(readMetadata(listed)).toEqual(known);
    expect(known).toMatchObject({
      issuer: ENTITY_ID,
      signInUrl: SIGN_IN_URL,
      certificates: [{ certificate: signer.certificate }],
    });
  });

  test.each<readonly [string, (xml: string) => string]>([
    ['no XML', () => 'nonsense'],
    ['no XML', (xml) => xml.replace('</EntityDescriptor>', '')],
    ['document type', (xml) => `<!DOCTYPE a [<!ENTITY b "c">]>${xml.replace(/^<\?[^>]*>/, '')}`],
    ['no identity provider', (xml) => xml.replaceAll('IDPSSODescriptor', 'SPSSODescriptor')],
    ['several', (xml) => xml.replace(/<IDPSSODescriptor.*<\/IDPSSODescriptor>/s, '$&$&')],
    ['no entityID', (xml) => xml.replace(/entityID="[^"]*"/, '')],
    ['SAML 2.0', (xml) => xml.replace('SAML:2.0:protocol', 'SAML:1.1:protocol')],
    ['no address', (xml) => xml.replaceAll('HTTP-Redirect', 'HTTP-POST')],
    ['no certificate', (xml) => xml.replace('use="signing"', 'use="encryption"')],
    ['neither PEM', (xml) => xml.replace(signer.certificate, '%')],
  ])('is refused with a word why: %s', (why, change) => {
    expect(readMetadata(change(metadata))).toEqual(refused(why));
  });

  test('is fetched; what comes of that is told without what was answered', async () => {
    const answers = (response: Response) =>
      metadataFetcher(async () => response)('https://idp.example/metadata');
    expect(await answers(new Response(metadata))).toEqual(known);
    expect(await answers(new Response('secret', { status: 404 }))).toEqual({
      refused: 'There it answers 404.',
    });
    const failing = metadataFetcher(async () => {
      throw new FetchError('forbidden_address');
    });
    expect(await failing('https://10.0.0.1/')).toEqual(refused('forbidden_address'));
  });
});
