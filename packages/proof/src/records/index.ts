// Records: the Merkle tree, its tiles, and the signed heads over it; with the values that they are made of.

export * from '../values/index.ts';
export * from './algorithms.ts';
export * from './heads.ts';
export * from './note.ts';
export * from './policy.ts';
export * from './receipt.ts';
export * from './rotation.ts';
export * from './sample.ts';
export * from './tiles.ts';
export * from './tree.ts';
