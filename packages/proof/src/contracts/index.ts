// Contracts: what a person signs to pin a tool to one, whether that counts, and what is pinned at a position of the log.

export { type Pin, type PinAnswer, type PinMode, Pins, pinModeOf } from './pins.ts';
export { contractSigned, contractText, mayApproveContracts, whyNotApprover } from './signing.ts';
