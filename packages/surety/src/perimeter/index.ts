// The identity perimeter: who may call what, how much they may spend, and what may do nothing until it is lifted.

export { Budgets } from './budgets.ts';
export { type Containment, Containments, type Subjected, scopeText } from './containments.ts';
export { credentialHash, type Identified, Identities, type Identity, newCredential } from './identities.ts';
export { Permissions } from './permissions.ts';
