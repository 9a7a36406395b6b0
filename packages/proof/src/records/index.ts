// The records room: bytes, canonical JSON, commitments, the Merkle tree and the signed files around it.

export * from './bytes.ts';
export * from './commitment.ts';
export * from './dsse.ts';
export * from './heads.ts';
export * from './json.ts';
export * from './note.ts';
export * from './sha256.ts';
export * from './shape.ts';
export * from './tiles.ts';
export * from './tree.ts';
export * from './zip.ts';
