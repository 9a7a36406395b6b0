// Trying again. Whoever was killed is started again, so a failure is excused by a death, as often as somebody dies;
// what fails with everybody alive and answering will not end by itself, and the story gives up with a sentence.

/** What ends the story, in words for whoever watches it. */
export class StoryError extends Error {}

/** The company that is kept alive while somebody tries. */
export interface Company {
  /** How often somebody was killed so far. */
  readonly kills: number;
  /** Resolves when the gateway answers, a moment later. */
  readyAgain(): Promise<void>;
}

export type Tried<T> = { readonly done: T } | { readonly problem: string };

/** In a row, and nobody was killed meanwhile. */
const failuresMax = 10;

export async function untilDone<T>(
  company: Company,
  what: string,
  attempt: () => Promise<Tried<T>>,
): Promise<T> {
  let failures = 0;
  for (let { kills } = company; ; ) {
    const tried = await attempt();
    if ('done' in tried) return tried.done;
    failures = company.kills === kills ? failures + 1 : 0;
    kills = company.kills;
    if (failures >= failuresMax)
      throw new StoryError(
        `${what}, though Surety answers and nobody was killed meanwhile: ${tried.problem}`,
      );
    await company.readyAgain();
  }
}
