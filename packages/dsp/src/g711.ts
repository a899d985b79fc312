/** ITU-T G.711: what a code of each law stands for, as 16-bit samples. */
export const mulawSamples: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return bits & 0x80 ? -magnitude : magnitude;
});

export const alawSamples: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = (bits & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 264) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});

export type G711Law = 'mulaw' | 'alaw';

const samplesOf: Readonly<Record<G711Law, Int16Array>> = { mulaw: mulawSamples, alaw: alawSamples };

/** For each 16-bit sample, taken as a number without sign, the code whose sample is nearest. */
function nearestCodes(samples: Int16Array): Uint8Array {
  const order = [...samples.keys()].sort((one, other) => (samples[one] ?? 0) - (samples[other] ?? 0));
  const codes = new Uint8Array(65_536);
  let place = 0;
  const distance = (at: number, value: number) => Math.abs((samples[order[at] ?? 0] ?? 0) - value);
  for (let value = -32_768; value <= 32_767; value++) {
    while (place < 255 && distance(place + 1, value) <= distance(place, value)) place++;
    codes[value & 0xffff] = order[place] ?? 0;
  }
  return codes;
}
const codesOf: Readonly<Record<G711Law, Uint8Array>> = {
  mulaw: nearestCodes(mulawSamples),
  alaw: nearestCodes(alawSamples),
};

/** Writes the samples of some codes, one for each. */
export function decodeG711(law: G711Law, codes: Uint8Array, samples: Int16Array): void {
  const table = samplesOf[law];
  for (let index = 0; index < codes.length; index++) samples[index] = table[codes[index] ?? 0] ?? 0;
}

/** Writes the nearest codes of some samples, one for each. */
export function encodeG711(law: G711Law, samples: Int16Array, codes: Uint8Array): void {
  const table = codesOf[law];
  for (let index = 0; index < samples.length; index++)
    codes[index] = table[(samples[index] ?? 0) & 0xffff] ?? 0;
}
