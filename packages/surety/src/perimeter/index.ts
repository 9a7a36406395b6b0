// The identity perimeter: who may call what, and how much they may spend.

export { Budgets } from './budgets.ts';
export { credentialHash, type Identified, Identities, type Identity, newCredential } from './identities.ts';
export { Permissions } from './permissions.ts';
