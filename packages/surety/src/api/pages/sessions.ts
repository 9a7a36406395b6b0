// Who is signed in at the pages: in memory only, so that a stolen store opens nothing and a restart signs everybody out.
// The cookie is 256 random bits, of which only the hash is kept. A session lets its person look, and refuse; an approval
// needs their own key each time.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Session {
  /** Names it in facts; opens nothing. */
  readonly id: string;
  readonly person: string;
  readonly by: 'passkey' | 'provider';
  /** What every form of this session carries, and no other page can know (CSRF). */
  readonly token: string;
  readonly until: number;
}

export interface SessionBounds {
  /** From signing in. */
  readonly lifeMs: number;
  /** From the last request. */
  readonly idleMs: number;
}

export const sessionBounds: SessionBounds = { lifeMs: 8 * 3_600_000, idleMs: 30 * 60_000 };

/** One person has at most so many; the oldest goes, so that nobody keeps others out. */
const perPersonMax = 5;
const sessionsMax = 10_000;

const secret = (): string => randomBytes(32).toString('base64url');
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

export const isSame = (a: string, b: string): boolean => {
  const [x, y] = [hashOf(a), hashOf(b)].map((each) => Buffer.from(each)) as [Buffer, Buffer];
  return timingSafeEqual(x, y);
};

type Kept = Session & { seen: number };

export class Sessions {
  readonly #bounds: SessionBounds;
  readonly #now: () => number;
  /** By the hash of the cookie, the oldest first. */
  readonly #kept = new Map<string, Kept>();

  constructor(now: () => number, bounds: SessionBounds = sessionBounds) {
    this.#now = now;
    this.#bounds = bounds;
  }

  /** A new one, whatever cookie came with the request: nobody can choose the session of another (fixation). */
  open(person: string, by: Session['by']): { readonly session: Session; readonly cookie: string } {
    const at = this.#now();
    this.#sweep(at);
    const own = [...this.#kept].filter(([, each]) => each.person === person);
    for (const [key] of own.slice(0, Math.max(0, own.length - perPersonMax + 1))) this.#kept.delete(key);
    const [oldest] = this.#kept.size >= sessionsMax ? this.#kept.keys() : [];
    if (oldest !== undefined) this.#kept.delete(oldest);
    const cookie = secret();
    const id = `s-${randomBytes(9).toString('base64url')}`;
    const session = { id, person, by, token: secret(), until: at + this.#bounds.lifeMs };
    this.#kept.set(hashOf(cookie), { ...session, seen: at });
    return { session, cookie };
  }

  /** The session of this cookie; from now on it was seen. */
  find(cookie: string | undefined): Session | undefined {
    const found = cookie === undefined ? undefined : this.#kept.get(hashOf(cookie));
    if (found === undefined) return undefined;
    const at = this.#now();
    if (!this.#isLive(found, at)) return undefined;
    found.seen = at;
    return found;
  }

  /** True if there was one. */
  close(cookie: string): boolean {
    return this.#kept.delete(hashOf(cookie));
  }

  #isLive({ until, seen }: Kept, at: number): boolean {
    // A clock that ran backwards ends it too.
    return at < until && at - seen < this.#bounds.idleMs && at >= seen - this.#bounds.idleMs;
  }

  #sweep(at: number): void {
    for (const [key, each] of this.#kept) if (!this.#isLive(each, at)) this.#kept.delete(key);
  }
}
