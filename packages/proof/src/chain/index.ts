// The chain: whether the facts of a log follow one another as they say.

export { Chain, type ChainFound, type Contradiction, missingIn } from './chain.ts';
export { doubtedIn } from './order.ts';
