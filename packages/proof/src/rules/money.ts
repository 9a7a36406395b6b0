// Money: exact conversion between major units, as people and tools write them, and integer minor units,
// as rules, budgets and verdicts count them. Nothing is ever rounded: what is not exact is refused.
// Exponents and codes: ISO 4217 list one, published 2026-01-01. Codes without a minor unit (gold, testing,
// "no currency") name no money that could be counted, so they are as unknown as any other text.

export type MoneyErrorCode = 'inexact' | 'not-a-number' | 'unknown-currency' | 'too-large' | 'negative';

export class MoneyError extends Error {
  readonly code: MoneyErrorCode;
  constructor(code: MoneyErrorCode, message: string) {
    super(message);
    this.name = 'MoneyError';
    this.code = code;
  }
}

const codesByExponent: readonly (readonly [exponent: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
    YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const exponents: ReadonlyMap<string, number> = new Map(
  codesByExponent.flatMap(([exponent, codes]) => codes.split(/\s+/).map((code) => [code, exponent] as const)),
);

/** A decimal as JSON, SQL and people write it: no leading zeros, no plus, no exponent, no separators. */
const decimal = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const decimalLengthMax = 64;

/**
 * The amount in integer minor units. `amount` is a JSON number or a decimal text and comes from a caller, so it
 * may be anything; a number counts as the shortest decimal that denotes it, which is how JSON wrote it.
 * A negative amount is converted: whether one may be negative is the caller's rule. Throws `MoneyError`.
 */
export function minorUnits(amount: unknown, unit: 'major' | 'minor', currency: string): number {
  const inMajor = exponentOf(currency);
  const exponent = unit === 'minor' ? 0 : inMajor;
  const [, sign, whole = '', fraction = ''] = decimal.exec(textOf(amount)) ?? refuse(amount);
  if (/[1-9]/.test(fraction.slice(exponent)))
    throw new MoneyError('inexact', `${quote(amount)} ${currency} is no whole number of minor units`);
  const minor = BigInt(`${sign}${whole}${fraction.slice(0, exponent).padEnd(exponent, '0')}`);
  if (!Number.isSafeInteger(Number(minor)))
    throw new MoneyError('too-large', `${quote(amount)} ${currency} is too large to be counted exactly`);
  return Number(minor);
}

/** `48000.00` for 4800000 minor units of USD. Throws `MoneyError` for an amount or currency nobody can count. */
export function majorText(amountMinor: number, currency: string): string {
  const exponent = exponentOf(currency);
  if (!Number.isSafeInteger(amountMinor))
    throw new MoneyError('too-large', `${quote(amountMinor)} is no exact number of minor units`);
  const digits = String(Math.abs(amountMinor)).padStart(exponent + 1, '0');
  const point = digits.length - exponent;
  const text = exponent === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return amountMinor < 0 ? `-${text}` : text;
}

/** Digits behind the point; undefined for what is no current currency. */
export const exponentIn = (currency: string): number | undefined => exponents.get(currency);

function exponentOf(currency: string): number {
  const exponent = exponentIn(currency);
  if (exponent === undefined)
    throw new MoneyError('unknown-currency', `${quote(currency)} is no current ISO 4217 currency`);
  return exponent;
}

function textOf(amount: unknown): string {
  if (typeof amount === 'number' && Number.isFinite(amount)) {
    // JavaScript writes an exponent from 1e21 up and from 1e-7 down, where no amount is exact anyway.
    const text = String(amount);
    if (!text.includes('e')) return text;
    throw new MoneyError(
      Math.abs(amount) > 1 ? 'too-large' : 'inexact',
      `${quote(amount)} is no exact amount`,
    );
  }
  return typeof amount === 'string' && amount.length <= decimalLengthMax ? amount : refuse(amount);
}

function refuse(amount: unknown): never {
  throw new MoneyError('not-a-number', `${quote(amount)} is no decimal number`);
}

/** An attacker chooses the value: it is shown only if short and plain, else by its type. */
const quote = (value: unknown): string =>
  (typeof value === 'string' || typeof value === 'number') && /^[\w.+-]{1,40}$/.test(String(value))
    ? `\`${value}\``
    : `a ${value === null ? 'null' : typeof value}`;
