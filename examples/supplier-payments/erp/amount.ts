// Money as the accounts payable system keeps it: exact decimal text with two places (`4800.00`), never a float.
// What cannot be written exactly with two places is refused, not rounded.

export class AmountError extends Error {
  override readonly name = 'AmountError';
}

/** A number's shortest text is what the caller wrote: `4800.1` is 4800.10, `0.1 + 0.2` is refused. */
export function exactAmount(value: number | string): string {
  const found = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(String(value));
  if (found === null) throw new AmountError(`\`${value}\` is no amount with at most two decimal places`);
  const major = BigInt(found[1] ?? '0').toString();
  return `${major}.${(found[2] ?? '').padEnd(2, '0')}`;
}

/** Integer minor units of an exact amount. */
export const minorUnits = (amount: string): bigint => BigInt(exactAmount(amount).replace('.', ''));

/** The exact amount of integer minor units, zero or more. */
export function fromMinorUnits(minor: bigint): string {
  const digits = minor.toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
