// Accounts: one person may act under several names, and is one person under each.

/** The one name of a person, whichever account is given. */
export type PersonOf = (account: string) => string;

/**
 * The person behind each account that is another's. Where an account is said to be of two, or is enrolled as a person
 * itself, all of them count as one: nobody gets a second pair of eyes by being listed twice.
 */
export function personsByAccount(
  people: readonly { readonly person: string; readonly accounts?: readonly string[] }[],
): ReadonlyMap<string, string> {
  const persons = new Map<string, string>();
  const rootOf = (name: string): string => {
    let at = name;
    for (let next = persons.get(at); next !== undefined; next = persons.get(at)) at = next;
    return at;
  };
  for (const { person, accounts = [] } of people)
    for (const account of accounts) {
      const [own, other] = [rootOf(person), rootOf(account)];
      if (own !== other) persons.set(other, own);
    }
  return new Map([...persons.keys()].map((account) => [account, rootOf(account)]));
}
