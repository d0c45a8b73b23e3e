const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Largest finite float16. */
export const FLOAT16_MAX = 65504;

let decoded: Float32Array | undefined;

/** The value of each of the 65,536 half-precision numbers. */
export function float16Values(): Float32Array {
  decoded ??= Float32Array.from({ length: 65_536 }, (_, code) => valueOf(code));
  return decoded;
}

function valueOf(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 0x1f;
  const fraction = code & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The half-precision number nearest to a value, ties to even, as its 16 bits.
 *
 * @see IEEE 754-2019, binary16
 */
export function toFloat16(value: number): number {
  float[0] = value;
  const single = bits[0] as number;
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fff_ffff;
  if (magnitude >= 0x4780_0000) return sign | (magnitude > 0x7f80_0000 ? 0x7e00 : 0x7c00); // 65,536 and above
  if (magnitude < 0x3880_0000) return sign | Math.round(roundable(Math.abs(float[0]) * 2 ** 24)); // subnormal
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x3800_0000) >>> 13);
}

/** `Math.round` takes ties up; a hair less makes it take ties to even. */
function roundable(value: number): number {
  return value % 2 === 0.5 ? value - 0.25 : value;
}
