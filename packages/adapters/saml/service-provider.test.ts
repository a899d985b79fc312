import { inflateRawSync } from 'node:zlib';
import type { ProviderCertificate } from '@patchbay/domain/sso/ports';
import { describe, expect, test } from 'vitest';
import { readCertificates } from './certificates.ts';
import { readMetadata, type ServiceProviderNames } from './metadata.ts';
import { makeSamlKey, openSamlKey } from './own-key.ts';
import {
  ENTITY_ID,
  type Encryption,
  ecdsaSignedXml,
  encryptedXml,
  posted,
  realSamlProvider,
  responseXml,
  SIGN_IN_URL,
  type Signing,
  signedXml,
  type Told,
} from './real-provider.testing.ts';
import { type Signer, selfSigned } from './self-signed.testing.ts';
import { RESPONSE_BYTES_MAX, type SamlProvider, serviceProvider } from './service-provider.ts';

const names: ServiceProviderNames = {
  entityId: 'https://patchbay.test/sso/saml/org_1/metadata',
  acsUrl: 'https://patchbay.test/sso/saml/org_1/acs',
};
const state = 's'.repeat(43);
const client = serviceProvider({ nowMs: Date.now });
const real = realSamlProvider();
const other = selfSigned();

const certificatesOf = (...signers: readonly Signer[]): readonly ProviderCertificate[] => {
  const read = readCertificates(signers.map(({ certificate }) => certificate));
  if ('refused' in read) throw new Error(read.refused);
  return read;
};
const provider: SamlProvider = {
  issuer: ENTITY_ID,
  signInUrl: SIGN_IN_URL,
  certificates: certificatesOf(real.signer),
};

const departure = await client.depart(provider, { names, state });
const request = inflateRawSync(
  Buffer.from(departure.searchParams.get('SAMLRequest') ?? '', 'base64'),
).toString();
const [, requestId = ''] = / ID="([^"]+)"/.exec(request) ?? [];

const told = (more: Partial<Told> = {}) => responseXml({ names, requestId, ...more });
const arrive = (
  xml: string,
  { as = provider, at = client, with: given = state as string | undefined } = {},
) => at.arrive(as, { names, response: posted(xml), state: given });
/** As the provider that is set would sign it. */
const signed = (xml: string, more: Signing = {}) => signedXml(xml, real.signer, more);
const refusal = (code: string) => ({ kind: 'invalid', code: `sso.saml_${code}` });

/** What is changed before it is signed: so the provider says it itself. */
const said = (change: (xml: string) => string, more: Partial<Told> = {}) =>
  arrive(signed(change(told(more))));

describe('a provider that we did not write', () => {
  test('is known by its metadata, and signs somebody in: our request and our document are understood by it', async () => {
    expect(readMetadata(real.metadata)).toEqual(provider);
    expect(departure.href.startsWith(`${SIGN_IN_URL}&`)).toBe(true);
    expect(request).toContain(`AssertionConsumerServiceURL="${names.acsUrl}"`);
    const answer = await real.answer(departure, { id: 'id-of-ada', email: 'ada@acme.example' }, names);
    expect(answer.RelayState).toBe(state);
    const read = await client.arrive(provider, { names, response: answer.SAMLResponse, state });
    expect(read).toMatchObject({
      id: expect.stringMatching(/^_/),
      asserted: { issuer: ENTITY_ID, nameId: 'id-of-ada' },
    });
    expect(read.asserted.attributes.get('email')).toEqual(['ada@acme.example']);
    expect(read.endsMs).toBeGreaterThan(Date.now());
  });

  test('signs the assertion, or the response around it, or both', async () => {
    for (const xml of [
      signed(told()),
      signed(told(), { what: 'Response' }),
      signed(signed(told()), { what: 'Response' }),
    ])
      expect((await arrive(xml)).asserted.nameId).toBe('id-of-ada');
  });

  test('changes its key while both are set, and is refused with the old one once that is taken away', async () => {
    const both = { ...provider, certificates: certificatesOf(other, real.signer) };
    expect((await arrive(signed(told()), { as: both })).asserted.nameId).toBe('id-of-ada');
    expect((await arrive(signedXml(told(), other), { as: both })).asserted.nameId).toBe('id-of-ada');
    await expect(
      arrive(signed(told()), { as: { ...provider, certificates: certificatesOf(other) } }),
    ).rejects.toMatchObject(refusal('signature'));
  });

  test('says no: then nobody comes in, and it is no fault of the provider', async () => {
    const status = 'urn:oasis:names:tc:SAML:2.0:status:';
    const xml = told().replace(
      `"${status}Success"/>`,
      `"${status}Responder"><samlp:StatusCode Value="${status}AuthnFailed"/></samlp:StatusCode>`,
    );
    await expect(arrive(xml)).rejects.toMatchObject({
      kind: 'declined',
      code: 'sso.saml_status',
      detail: expect.stringContaining('AuthnFailed'),
    });
  });
});

const own = await makeSamlKey(Date.now());
const ownBefore = await makeSamlKey(Date.now());
const ownKeys = [own, ownBefore].map(({ privateKey }) => openSamlKey(privateKey));
const published = {
  signing: [own.certificate, ownBefore.certificate],
  encryption: [own.certificate],
  signsRequests: true,
};
/** As an answer that came encrypted. */
const arriveSealed = async (xml: string, keys = ownKeys) =>
  await client.arrive(provider, { names, response: posted(xml), state, keys });
const sealed = async (xml: string, more: Encryption = {}, certificate = own.certificate) =>
  await encryptedXml(xml, certificate, more);

describe('an encrypted assertion (XML Encryption 1.1)', () => {
  const AES = 'http://www.w3.org/2001/04/xmlenc#aes';
  const GCM = 'http://www.w3.org/2009/xmlenc11#aes';

  test.each([`${GCM}128-gcm`, `${GCM}256-gcm`, `${AES}128-cbc`, `${AES}256-cbc`])(
    'is opened by our key, and believed by its signature: %s',
    async (data) => {
      const read = await arriveSealed(await sealed(signed(told()), { data }));
      expect(read.asserted.nameId).toBe('id-of-ada');
      expect(read.asserted.attributes.get('email')).toEqual(['ada@acme.example']);
    },
  );

  test('is opened by the key before while both are there, and not when that has ended', async () => {
    const toBefore = await sealed(signed(told()), {}, ownBefore.certificate);
    expect((await arriveSealed(toBefore)).asserted.nameId).toBe('id-of-ada');
    await expect(arriveSealed(toBefore, ownKeys.slice(0, 1))).rejects.toMatchObject(refusal('encrypted'));
    await expect(arriveSealed(toBefore, [])).rejects.toMatchObject(refusal('encrypted'));
  });

  test('says nothing of who encrypted it: without a signature, by another key, or changed before, nobody comes in', async () => {
    await expect(arriveSealed(await sealed(told()))).rejects.toMatchObject(refusal('signature'));
    await expect(arriveSealed(await sealed(signedXml(told(), other)))).rejects.toMatchObject(
      refusal('signature'),
    );
    const changed = signed(told()).replace('id-of-ada', 'id-of-eve');
    await expect(arriveSealed(await sealed(changed))).rejects.toMatchObject(refusal('signature'));
  });

  test('is believed where the response around it is signed, and what was changed there is not opened', async () => {
    const around = signed(await sealed(told()), { what: 'Response' });
    expect((await arriveSealed(around)).asserted.nameId).toBe('id-of-ada');
    const another = await sealed(told({ person: { id: 'id-of-eve', email: 'eve@acme.example' } }));
    const [theirs = ''] = /<saml:EncryptedAssertion>.*<\/saml:EncryptedAssertion>/s.exec(another) ?? [];
    const swapped = around.replace(/<saml:EncryptedAssertion>.*<\/saml:EncryptedAssertion>/s, theirs);
    await expect(arriveSealed(swapped)).rejects.toMatchObject(refusal('signature'));
  });

  test('RSA 1.5, triple DES and hashes that differ are refused before anything is opened', async () => {
    for (const more of [
      { key: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' },
      { data: 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc' },
      // The mask of this one is of SHA-1, whatever its digest is.
      { digest: 'sha256' },
    ])
      await expect(arriveSealed(await sealed(signed(told()), more))).rejects.toMatchObject(
        refusal('algorithm'),
      );
  });

  test('whatever does not open is refused by one word: another key, other bytes, another padding, nonsense within', async () => {
    const cbc = await sealed(signed(told()), { data: `${AES}256-cbc` });
    const withValue = (xml: string, change: (bytes: Buffer) => void, place: 'first' | 'last') => {
      const values = [...xml.matchAll(/<(?:\w+:)?CipherValue>([^<]+)</g)].map(([, value = '']) => value);
      const value = (place === 'first' ? values[0] : values.at(-1)) ?? '';
      const bytes = Buffer.from(value, 'base64');
      change(bytes);
      return xml.replace(value, bytes.toString('base64'));
    };
    const flip = (index: number) => (bytes: Buffer) => {
      bytes[index < 0 ? bytes.length + index : index] = (bytes.at(index) ?? 0) ^ 0xff;
    };
    const gcm = await sealed(signed(told()));
    const strangers = await sealed(signed(told()), {}, real.signer.certificate);
    const nonsense = await sealed(
      told().replace(/<saml:Assertion .*<\/saml:Assertion>/s, '<saml:Assertion ><a></saml:Assertion>'),
    );
    for (const xml of [
      withValue(gcm, flip(40), 'last'),
      withValue(gcm, flip(40), 'first'),
      withValue(cbc, flip(-17), 'last'),
      withValue(cbc, flip(40), 'last'),
      strangers,
      nonsense,
    ])
      await expect(arriveSealed(xml)).rejects.toMatchObject(refusal('encrypted'));
  });

  test('one beside another, one in the clear beside it, or within something else, is refused', async () => {
    const xml = await sealed(signed(told()));
    const [one = ''] = /<saml:EncryptedAssertion>.*<\/saml:EncryptedAssertion>/s.exec(xml) ?? [];
    const [clear = ''] = /<saml:Assertion .*<\/saml:Assertion>/s.exec(signed(told())) ?? [];
    for (const wrong of [
      one + one,
      one + clear,
      `<samlp:Extensions>${one}</samlp:Extensions>`,
      one.replaceAll('saml:EncryptedAssertion', 'samlp:EncryptedAssertion'),
    ])
      await expect(arriveSealed(xml.replace(one, wrong))).rejects.toMatchObject({ kind: 'invalid' });
    const twice = await sealed(
      xml
        .replaceAll('saml:EncryptedAssertion', 'saml:Assertion')
        .replace('<saml:Assertion>', '<saml:Assertion >'),
    );
    await expect(arriveSealed(twice)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('by a provider that we did not write, from our metadata', async () => {
    const encrypting = realSamlProvider({ encrypts: true });
    const answer = await encrypting.answer(
      departure,
      { id: 'id-of-ada', email: 'a@acme.example' },
      { ...names, published },
    );
    const theirs = { ...provider, certificates: certificatesOf(encrypting.signer) };
    const arrival = { names, response: answer.SAMLResponse, state };
    const read = await client.arrive(theirs, { ...arrival, keys: ownKeys });
    expect(read.asserted.nameId).toBe('id-of-ada');
    await expect(client.arrive(theirs, arrival)).rejects.toMatchObject(refusal('encrypted'));
  });
});

test.each(['P-256', 'P-384', 'P-521'])(
  'a signature by ECDSA of %s holds by its own certificate alone',
  async (curve) => {
    const ecdsa = selfSigned({ curve });
    const theirs = { ...provider, certificates: certificatesOf(real.signer, ecdsa) };
    const xml = ecdsaSignedXml(told(), ecdsa);
    expect((await arrive(xml, { as: theirs })).asserted.nameId).toBe('id-of-ada');
    await expect(arrive(xml)).rejects.toMatchObject(refusal('signature'));
    await expect(arrive(xml.replace('id-of-ada', 'id-of-eve'), { as: theirs })).rejects.toMatchObject(
      refusal('signature'),
    );
    // An algorithm of the other kind of key is none of this one.
    const renamed = xml.replace('#ecdsa-sha256', '#rsa-sha256');
    await expect(arrive(renamed, { as: theirs })).rejects.toMatchObject(refusal('signature'));
  },
);

test('a curve that is not taken is refused with its certificate', () => {
  expect(readCertificates([selfSigned({ curve: 'secp256k1' }).certificate])).toMatchObject({
    refused: expect.stringContaining('P-256'),
  });
});

test('a request is signed by our key, as a provider that we did not write looks; one that is not is refused there', async () => {
  const wanting = realSamlProvider({ wantsSigned: true });
  const person = { id: 'id-of-ada', email: 'ada@acme.example' };
  const knowing = (certificate: string) => ({
    ...names,
    published: { ...published, signing: [certificate] },
  });
  const leaving = await client.depart(provider, { names, state, signingKey: ownKeys[0] });
  expect(leaving.searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
  expect((await wanting.answer(leaving, person, knowing(own.certificate))).RelayState).toBe(state);
  // Of another key, changed on its way, and not signed at all.
  const changed = new URL(leaving);
  changed.searchParams.set('RelayState', 't'.repeat(43));
  for (const [url, certificate] of [
    [leaving, ownBefore.certificate],
    [changed, own.certificate],
    [departure, own.certificate],
  ] as const)
    await expect(wanting.answer(url, person, knowing(certificate))).rejects.toBeDefined();
});

describe('whom an answer is for', () => {
  test('another audience, none, or one of two that do not both name us', async () => {
    const restriction = /<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/;
    const audience = (name: string) =>
      `<saml:AudienceRestriction><saml:Audience>${name}</saml:Audience></saml:AudienceRestriction>`;
    for (const wrong of [
      audience('https://patchbay.test/sso/saml/org_2/metadata'),
      '',
      audience(names.entityId) + audience('https://other.test'),
      `${audience(names.entityId)}<saml:Condition xmlns:x="urn:x"/>`,
    ])
      await expect(said((xml) => xml.replace(restriction, wrong))).rejects.toMatchObject(refusal('audience'));
    await expect(
      said((xml) => xml.replace(/<saml:Conditions .*<\/saml:Conditions>/, '')),
    ).rejects.toMatchObject(refusal('audience'));
  });

  test('another recipient or destination, as an answer to somebody else has', async () => {
    const elsewhere = 'https://patchbay.test/sso/saml/org_2/acs';
    for (const field of ['Recipient', 'Destination'])
      await expect(
        said((xml) => xml.replace(`${field}="${names.acsUrl}"`, `${field}="${elsewhere}"`)),
      ).rejects.toMatchObject(refusal('recipient'));
    await expect(said((xml) => xml.replace(`Recipient="${names.acsUrl}"`, ''))).rejects.toMatchObject(
      refusal('recipient'),
    );
    await expect(said((xml) => xml.replace('cm:bearer', 'cm:sender-vouches'))).rejects.toMatchObject(
      refusal('recipient'),
    );
  });

  test('an answer to another request, to none, or one of which only half says so', async () => {
    const asked = / InResponseTo="[^"]+"/;
    const toAnother = (xml: string) => xml.replaceAll(requestId, '_another');
    const halfSaid = (xml: string) =>
      xml.replace(/(SubjectConfirmationData[^>]+) InResponseTo="[^"]+"/, '$1');
    for (const change of [toAnother, halfSaid])
      await expect(said(change)).rejects.toMatchObject(refusal('unasked'));
    await expect(said((xml) => xml, { requestId: undefined })).rejects.toMatchObject(refusal('unasked'));
    // The response itself may leave it out: nothing in it is signed, where its assertion is.
    expect((await said((xml) => xml.replace(asked, ''))).asserted.nameId).toBe('id-of-ada');
  });

  test('unasked, only what names no request', async () => {
    const unasked = told({ requestId: undefined });
    expect(
      (await client.arrive(provider, { names, response: posted(signed(unasked)), state: undefined })).asserted
        .nameId,
    ).toBe('id-of-ada');
    const answer = { names, response: posted(signed(told())), state: undefined };
    await expect(client.arrive(provider, answer)).rejects.toMatchObject(refusal('unasked'));
  });

  test('another issuer, of the response or of its assertion', async () => {
    const from = `<saml:Issuer>${ENTITY_ID}</saml:Issuer>`;
    const evil = '<saml:Issuer>https://evil.example</saml:Issuer>';
    for (const change of [
      (xml: string) => xml.replace(from, evil),
      (xml: string) => xml.replaceAll(from, evil),
      (xml: string) => xml.replace(new RegExp(`${from}(<saml:Subject>)`), `${evil}$1`),
    ])
      await expect(said(change)).rejects.toMatchObject(refusal('issuer'));
    const unnamed = told().replace(new RegExp(`${from}(<saml:Subject>)`), '$1');
    await expect(arrive(signed(unnamed, { what: 'Response' }))).rejects.toMatchObject(refusal('issuer'));
  });
});

describe('for how long an answer holds', () => {
  test('a minute of tolerance either way, and no more', async () => {
    const at = (ms: number) => said((xml) => xml, { nowMs: Date.now() + ms });
    expect((await at(50_000)).asserted.nameId).toBe('id-of-ada');
    await expect(at(70_000)).rejects.toMatchObject(refusal('time'));
    expect((await at(-340_000)).asserted.nameId).toBe('id-of-ada');
    await expect(at(-365_000)).rejects.toMatchObject(refusal('time'));
  });

  test('an hour at most, whatever it says; and what names no end or none that is a time, not at all', async () => {
    const farAway = (xml: string) =>
      xml.replace(/NotOnOrAfter="[^"]+"/g, 'NotOnOrAfter="2999-01-01T00:00:00Z"');
    const { endsMs } = await said(farAway);
    expect(endsMs).toBeLessThanOrEqual(Date.now() + 3_660_000);
    await expect(said(farAway, { nowMs: Date.now() - 3_700_000 })).rejects.toMatchObject(refusal('time'));
    for (const end of ['', 'NotOnOrAfter="soon"', 'NotOnOrAfter="2999-01-01T00:00:00+02:00"'])
      for (const place of [/NotOnOrAfter="[^"]+"(?= Recipient)/, /NotOnOrAfter="[^"]+"(?=>)/])
        await expect(said((xml) => xml.replace(place, end))).rejects.toMatchObject(refusal('time'));
  });
});

describe('a provider that lies, and those who change what an honest one said', () => {
  test('without a signature, with that of another key, and with a key of its own in it, nobody comes in', async () => {
    await expect(arrive(told())).rejects.toMatchObject(refusal('signature'));
    // What is in it names its own certificate: only those that are set count.
    await expect(arrive(signedXml(told(), other))).rejects.toMatchObject(refusal('signature'));
  });

  test.each<readonly [string, (xml: string) => string]>([
    ['the person', (xml) => xml.replace('id-of-ada', 'id-of-eve')],
    ['the address', (xml) => xml.replace('ada@acme', 'eve@acme')],
    ['the end', (xml) => xml.replace(/(Conditions [^>]*NotOnOrAfter=")[^"]+/, '$12999-01-01T00:00:00Z')],
    [
      'the digest',
      (xml) => xml.replace(/(<ds:DigestValue>)(.)/, (_all, tag, first) => tag + (first === 'A' ? 'B' : 'A')),
    ],
    ['what it refers to', (xml) => xml.replace(/URI="#[^"]+"/, 'URI=""')],
  ])('a changed one is refused: %s', async (_what, change) => {
    await expect(arrive(change(signed(told())))).rejects.toMatchObject(refusal('signature'));
  });

  test('SHA-1 is refused, in the signature and in the digest', async () => {
    const algorithm = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
    await expect(arrive(signed(told(), { algorithm }))).rejects.toMatchObject(refusal('algorithm'));
    for (const [name, weak] of [
      ['xmlenc#sha256', 'http://www.w3.org/2000/09/xmldsig#sha1'],
      ['xmldsig-more#rsa-sha256', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'],
      ['xml-exc-c14n#', 'http://www.w3.org/TR/1999/REC-xslt-19991116'],
      ['xml-exc-c14n#', 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments'],
    ] as const)
      await expect(
        arrive(signed(told()).replace(new RegExp(`Algorithm="[^"]*${name}"`), `Algorithm="${weak}"`)),
      ).rejects.toMatchObject(refusal('algorithm'));
  });

  test('a signed assertion is wrapped: beside a forged one, within it, in an extension, around it, or with its id', async () => {
    const honest = signed(told());
    const [assertion = ''] = /<saml:Assertion .*<\/saml:Assertion>/.exec(honest) ?? [];
    const [signature = ''] = /<ds:Signature.*<\/ds:Signature>/.exec(assertion) ?? [];
    const plain = assertion.replace(signature, '');
    const forged = plain.replace('id-of-ada', 'id-of-eve').replace(/ ID="[^"]+"/, ' ID="_forged"');
    const withTwin = plain.replace('id-of-ada', 'id-of-eve');
    const put = (inner: string) => honest.replace(assertion, inner);
    const within = (inner: string) => forged.replace('</saml:Assertion>', `${inner}</saml:Assertion>`);
    for (const xml of [
      put(forged + assertion),
      put(assertion + forged),
      put(within(assertion)),
      put(within(`<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${assertion}</ds:Object>`)),
      put(`<samlp:Extensions>${assertion}</samlp:Extensions>${forged}`),
      put(
        forged.replace(
          '<saml:Subject>',
          `${signature.replace('</ds:Signature>', `<ds:Object>${plain}</ds:Object></ds:Signature>`)}<saml:Subject>`,
        ),
      ),
      put(forged.replace('<saml:Subject>', `${signature}<saml:Subject>`)),
      put(withTwin + assertion),
      put(withTwin.replace('<saml:Subject>', `${signature}<saml:Subject>`)),
      put(`<x xmlns="urn:x" Id="_x">${assertion}</x>${forged}`),
      put(
        forged
          .replaceAll('saml:Assertion', 'x:Assertion')
          .replace('<x:Assertion', '<x:Assertion xmlns:x="urn:x"') + assertion,
      ),
    ])
      await expect(arrive(xml)).rejects.toMatchObject({ kind: 'invalid' });
    // Each guard by its own word: another one behind it would refuse these as well.
    await expect(arrive(put(forged + assertion))).rejects.toMatchObject(refusal('unreadable'));
    await expect(arrive(put(withTwin + assertion))).rejects.toMatchObject({
      ...refusal('signature'),
      detail: expect.stringContaining('Two elements have one id.'),
    });
    // The whole of an honest answer, in a forged one.
    const outer = told({ person: { id: 'id-of-eve', email: 'eve@acme.example' }, assertionId: '_outer' });
    const whole = signed(told(), { what: 'Response' });
    for (const xml of [
      outer.replace('</samlp:Response>', `${whole}</samlp:Response>`),
      outer.replace('<samlp:Status>', `<samlp:Extensions>${whole}</samlp:Extensions><samlp:Status>`),
    ])
      await expect(arrive(xml)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('a comment parts no name, and no document type, entity, section or instruction is taken', async () => {
    const evil = 'id-of-ada<!---->.evil';
    await expect(said((xml) => xml.replace('id-of-ada', evil))).rejects.toMatchObject(refusal('unreadable'));
    const bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
    for (const change of [
      (xml: string) => xml.replace('id-of-ada', 'id-of-<!-- -->ada'),
      (xml: string) => `${bomb}${xml.replace('id-of-ada', '&b;')}`,
      (xml: string) => `<!DOCTYPE r SYSTEM "file:///etc/passwd">${xml}`,
      (xml: string) => xml.replace('id-of-ada', '<![CDATA[id-of-eve]]>'),
      (xml: string) => xml.replace('id-of-ada', 'id-of-<?x y?>ada'),
      (xml: string) => xml.replace('id-of-ada', '&undefined;'),
    ])
      await expect(arrive(change(signed(told())))).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('what is no answer, too large, too deep, or of something else, is refused before it is understood', async () => {
    const deep = `${'<a>'.repeat(2_000)}${'</a>'.repeat(2_000)}`;
    for (const xml of [
      '',
      'nonsense',
      '<a/>',
      '<samlp:Response xmlns:samlp="urn:other"/>',
      told().replace('</samlp:Response>', ''),
      told().replace(/<saml:Assertion .*<\/saml:Assertion>/, ''),
      told().replace('<samlp:Status>', `<samlp:Extensions>${deep}</samlp:Extensions><samlp:Status>`),
      told().replace('id-of-ada', 'a'.repeat(RESPONSE_BYTES_MAX)),
      told().replace('<saml:Subject>', `${'<a/>'.repeat(6_000)}<saml:Subject>`),
    ])
      await expect(arrive(xml)).rejects.toMatchObject(refusal('unreadable'));
    await expect(client.arrive(provider, { names, response: '%%%', state })).rejects.toMatchObject(
      refusal('unreadable'),
    );
    const encrypted = told().replace(/<saml:Assertion .*<\/saml:Assertion>/, '<saml:EncryptedAssertion/>');
    await expect(arrive(encrypted)).rejects.toMatchObject(refusal('encrypted'));
  });

  test('nobody, somebody who is another one next time, and two at once are nobody', async () => {
    for (const change of [
      (xml: string) => xml.replace('nameid-format:persistent', 'nameid-format:transient'),
      (xml: string) => xml.replace('id-of-ada', ' '),
      (xml: string) => xml.replace('id-of-ada', 'a'.repeat(257)),
      (xml: string) => xml.replace(/<saml:NameID .*<\/saml:NameID>/, ''),
      (xml: string) => xml.replace(/(<saml:NameID .*<\/saml:NameID>)/, '$1$1'),
      (xml: string) => xml.replace(/<saml:Subject>.*<\/saml:Subject>/, ''),
    ])
      await expect(said(change)).rejects.toMatchObject(refusal('subject'));
  });
});
