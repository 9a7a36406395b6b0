// Contracts: what a server says that a tool is, whether that is what a person approved, and what is wrong with it.

export { type Beside, findingsOf } from './comparing.ts';
export { type Contract, type ContractRead, contractOf, hashOf, readContract } from './contract.ts';
export { Contracts, type Listed } from './contracts.ts';
export { shownWhole } from './hidden.ts';
export type { ContractFinding, FindingCode } from './reading.ts';
