// Values: bytes, hashing, strict JSON, shapes and salted commitments. What everything else is made of.

export * from './bytes.ts';
export * from './canonical.ts';
export * from './commitment.ts';
export * from './json.ts';
export * from './sha256.ts';
export * from './shape.ts';
