import { readSsml } from '@patchbay/adapters/speech/read-ssml';
import { expect, test } from 'vitest';
import { PASSAGE_COUNT_MAX, plainManner } from './passage.ts';
import { passagesOf, soundKeyText } from './speech-order.ts';

const read = (text: string, voice = 'slt') =>
  passagesOf(text, { isMarkup: true, voice, manner: plainManner, readMarkup: readSsml });
const problemOf = (text: string) => {
  const found = read(text);
  return 'problem' in found ? found.problem : JSON.stringify(found.passages);
};
const passagesIn = (text: string) => {
  const found = read(text);
  if ('problem' in found) throw new Error(found.problem);
  return found.passages;
};
const textsIn = (text: string) =>
  passagesIn(text).map((each) => (each.kind === 'pause' ? each.milliseconds : each.text));

test('what is said is in the order of the document; neighbours of one voice and manner are one breath', () => {
  expect(
    textsIn('<speak>Hello <sub alias="World Wide Web">WWW</sub>, <!-- well --> friend.</speak>'),
  ).toEqual(['Hello World Wide Web , friend.']);
  expect(
    textsIn('<speak><p><s>One.</s><s>Two.</s></p>Three.<break time="1.5s"/><break strength="weak"/></speak>'),
  ).toEqual([...['One.', 200, 'Two.', 600, 'Three.', 1_700]]);
  expect(textsIn('<speak>Code <say-as interpret-as="digits">42</say-as>.</speak>')).toEqual([
    'Code four two',
  ]);
});

test('several voices speak in one text, by name and by what they are like, each with its own characters and words (TTS)', () => {
  const passages = passagesIn(
    '<speak>I am Slt. <voice name="kal16">And I am Kal.</voice><voice gender="male" xml:lang="en-GB" age="40">Aye.</voice></speak>',
  );
  expect(passages).toMatchObject([
    { voice: 'slt', text: 'I am Slt.', characters: 9, words: 3 },
    { voice: 'kal16', text: 'And I am Kal.', characters: 13, words: 4 },
    { voice: 'awb', text: 'Aye.', characters: 4, words: 1 },
  ]);
});

test('characters count as they were written: what say-as makes of them, and markup, costs nothing more', () => {
  expect(passagesIn('<speak><say-as interpret-as="cardinal">1204</say-as></speak>')).toMatchObject([
    { text: 'one thousand two hundred four', characters: 4, words: 5 },
  ]);
});

test('prosody and emphasis add up, within what an engine can do', () => {
  const [first, second] = passagesIn(
    '<speak><prosody rate="fast" pitch="+2st" volume="-3dB">a <prosody rate="200%" pitch="x-high"><emphasis level="strong">b</emphasis></prosody></prosody></speak>',
  );
  expect(first).toMatchObject({ manner: { rate: 1.5, pitch: 1.122, volumeDb: -3 } });
  expect(second).toMatchObject({ manner: { rate: 1.7, pitch: 1.939, volumeDb: 0 } });
});

test.each([
  ['<speak><audio src="https://a.test/a.wav"/></speak>', 'audio is not carried out'],
  ['<speak><constructor/></speak>', 'constructor is not carried out'],
  ['<speak><p onset="1">a</p></speak>', 'the attribute onset is not carried out'],
  ['<say>hello</say>', 'The document is a speak element'],
  ['<speak><voice name="nobody">a</voice></speak>', 'there is no voice "nobody"'],
  ['<speak><voice gender="male" xml:lang="ja">a</voice></speak>', 'there is no voice like'],
  ['<speak xml:lang="de-DE">Hallo</speak>', 'the voice slt speaks en-US, not de-DE'],
  ['<speak><break time="11s"/></speak>', 'a break lasts 10000 ms at most'],
  ['<speak><break time="soon"/></speak>', 'time is such as 500ms'],
  ['<speak><say-as interpret-as="digits">12a</say-as></speak>', '"12a" is no digits'],
  ['<speak><say-as interpret-as="money">5</say-as></speak>', 'interpret-as is one of'],
  [
    '<speak><voice name="espeak-de"><say-as interpret-as="digits">1</say-as></voice></speak>',
    'English words',
  ],
  ['<speak><prosody rate="quickly">a</prosody></speak>', 'rate is one of'],
  ['<speak><emphasis level="toString">a</emphasis></speak>', 'level is one of'],
  ['<speak><sub>WWW</sub></speak>', 'sub has an alias'],
  [`<speak>${'<break time="10s"/>'.repeat(31)}</speak>`, 'at most 300000 are made'],
])('%s is refused by its place and name: %s (TTS)', (text, problem) => {
  expect(problemOf(text)).toContain(problem);
});

test.each([
  ['<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>'],
  ['<speak>&unknown;</speak>'],
  ['<speak><![CDATA[a]]></speak>'],
  ['<?xml-stylesheet href="a"?><speak>a</speak>'],
  ['<speak>a'],
  ['hello'],
  [`<speak>${'<s>'.repeat(5_001)}${'</s>'.repeat(5_001)}</speak>`],
])('what a parser of XML could be led astray by is not read: %.60s (C32)', (text) => {
  expect(problemOf(text)).toContain('It is not XML');
});

test('elements stand sixteen deep, and a text has so many passages, and no more', () => {
  const nested = (depth: number) => `<speak>${'<p>'.repeat(depth)}a${'</p>'.repeat(depth)}</speak>`;
  expect(problemOf(nested(15))).toContain('"text":"a"');
  expect(problemOf(nested(16))).toContain('at most 16 deep');
  expect(problemOf(nested(50))).toContain('at most 16 deep');
  const turns = (count: number) =>
    `<speak>${'<voice name="kal">a</voice><voice name="slt">b</voice>'.repeat(count)}</speak>`;
  expect(passagesIn(turns(PASSAGE_COUNT_MAX / 2))).toHaveLength(PASSAGE_COUNT_MAX);
  expect(problemOf(turns(PASSAGE_COUNT_MAX / 2 + 1))).toContain(`${PASSAGE_COUNT_MAX} are spoken`);
});

test('what sounds alike has one key, and what does not has another', () => {
  const key = (text: string, format: 'wav' | 'pcm' = 'wav') =>
    soundKeyText(passagesIn(text), { format, sampleRateHz: 16_000 });
  expect(key('<speak>Hello  you</speak>')).toBe(key('<speak> Hello <s/>you</speak>'));
  const others = [
    key('<speak>Hello you!</speak>'),
    key('<speak><voice name="kal">Hello you</voice></speak>'),
    key('<speak><prosody rate="fast">Hello you</prosody></speak>'),
    key('<speak>Hello you</speak>', 'pcm'),
    key('<speak>Hello <break time="1s"/> you</speak>'),
  ];
  expect(new Set([...others, key('<speak>Hello you</speak>')]).size).toBe(6);
});
