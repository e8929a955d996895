import fc from 'fast-check';

/** Any UTF-16 text, lone surrogates and control characters included; cheap to generate. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.oneof(fc.nat(0x7f), fc.nat(0xff_ff)), { maxLength })
    .map((units) => String.fromCharCode(...units));
}
