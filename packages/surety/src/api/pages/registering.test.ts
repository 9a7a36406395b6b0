// Registering a passkey on the pages: by whoever has the code, for the person of the invitation, and signing nothing until
// somebody of another function has confirmed it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authenticator } from '../../../../proof/src/approvals/authenticator.fixture.ts';
import { files, people, TestHouse } from '../../house.fixture.ts';
import { fingerprintOf } from '../../people/fingerprint.ts';
import { invited } from './inviting.fixture.ts';
import { origin, readable, TestPages, type Visited } from './pages.fixture.ts';

const { ines, sam, lena, paul, dora } = people;
const pauls = new Authenticator(origin);

let house: TestHouse;
let pages: TestPages;
beforeAll(async () => {
  const surety = files['surety.yaml'].replace(
    `keys: ["${paul.line}"] }`,
    `keys: ["${paul.line}", "${pauls.line}"] }`,
  );
  house = await TestHouse.open({
    'surety.yaml': `${surety}passkeys: { invite: [finance], confirm: [legal, finance] }\n`,
  });
  pages = new TestPages(house);
});
afterAll(async () => {
  expect(pages.faults).toEqual([]);
  await house?.close();
});

const post = (path: string, fields: Readonly<Record<string, string>>, headers = {}) =>
  pages.ask(path, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin, ...headers },
  });

const made = ({ passkey, spki }: Authenticator) => ({
  credential: passkey.credential,
  publicKey: Buffer.from(spki).toString('base64url'),
});
const signs = (authenticator: Authenticator, challenge: string) => {
  const { id, response } = authenticator.get(challenge);
  return { credential: id, ...response };
};
const challengeIn = ({ text }: Visited): string => /data-challenge="([\w-]{43})"/.exec(text)?.[1] ?? '';

/** Both steps of the invitation. */
async function registered(code: string, authenticator: Authenticator) {
  const second = await post(`/invite/${code}/made`, made(authenticator));
  const challenge = challengeIn(second);
  return post(`/invite/${code}`, { ...made(authenticator), ...signs(authenticator, challenge) });
}

describe('an invitation', () => {
  test('says who invites whom; two steps register a passkey, which signs nothing yet', async () => {
    const { code, invitation } = await invited(house, lena, 'finance', ines);
    const first = await pages.ask(`/invite/${code}`);
    expect(first.status).toBe(200);
    expect(readable(first.text)).toContain(`${lena.id} invites you to make one`);
    expect(first.text).toContain(`data-user="${ines.id}"`);
    const own = new Authenticator(origin);
    const last = await registered(code, own);
    expect(last.status).toBe(200);
    expect(readable(last.text)).toContain(fingerprintOf(own.key));
    expect(readable(last.text)).toContain('It signs nothing yet. Somebody of legal or finance compares');
    const [fact] = await house.factsOf('passkey.registered');
    expect(fact?.body).toMatchObject({ invitation, person: ines.id, passkey: own.key });
    expect(house.house.pages.people.holderOf(own.passkey.credential)).toBeUndefined();
  });

  test('serves once', async () => {
    const { code } = await invited(house, lena, 'finance', sam);
    expect((await registered(code, new Authenticator(origin))).status).toBe(200);
    expect((await pages.ask(`/invite/${code}`)).status).toBe(409);
    const again = await registered(code, new Authenticator(origin));
    expect([again.status, readable(again.text)]).toEqual([
      409,
      expect.stringContaining('somebody else may have the code'),
    ]);
  });

  test('that nobody made, and what is none, look the same', async () => {
    const answers = await Promise.all(
      ['A'.repeat(27), 'short', '%3Cscript%3E', 'A'.repeat(500)].map((code) => pages.ask(`/invite/${code}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  test('is over after its time', async () => {
    const { code } = await invited(house, lena, 'finance', dora);
    house.advance(25 * 3_600_000);
    expect((await pages.ask(`/invite/${code}`)).status).toBe(409);
    expect((await registered(code, new Authenticator(origin))).status).toBe(409);
  });

  test.each([
    ['of another origin', new Authenticator('https://evil.example')],
    ['that signs something else', new Authenticator(origin, { wrong: { client: { challenge: 'x' } } })],
    [
      'that another authenticator signs for',
      new Authenticator(origin, { wrong: { signer: new Authenticator(origin) } }),
    ],
    ['whose holder nobody recognised', new Authenticator(origin, { wrong: { flags: 1 } })],
    ['that signs here already', pauls],
  ])('takes no passkey %s', async (_, authenticator) => {
    const { code } = await invited(house, lena, 'finance', dora);
    expect((await registered(code, authenticator)).status).toBe(409);
    expect((await pages.ask(`/invite/${code}`)).status).toBe(200);
  });

  test('is not answered by a form of another site', async () => {
    const { code } = await invited(house, lena, 'finance', dora);
    const sent = await post(`/invite/${code}/made`, made(new Authenticator(origin)), {
      origin: 'https://evil.example',
    });
    expect(sent.status).toBe(403);
  });

  test('what is sent as a key stays text', async () => {
    const { code } = await invited(house, lena, 'finance', dora);
    const hostile = '"><script>alert(1)</script>';
    for (const fields of [
      { credential: hostile, publicKey: made(new Authenticator(origin)).publicKey },
      { credential: 'AAAA', publicKey: hostile },
    ]) {
      const seen = await post(`/invite/${code}/made`, fields);
      expect(seen.status).toBe(409);
      expect(seen.text).not.toContain('<script>alert');
    }
  });
});

describe('confirming', () => {
  const waiting = async () => {
    const { code, invitation } = await invited(house, lena, 'finance', ines);
    const own = new Authenticator(origin);
    expect((await registered(code, own)).status).toBe(200);
    return { own, invitation };
  };
  const sent = async (who: typeof paul, invitation: string, passkey: Authenticator, seen: Visited) =>
    pages.send(who, `/confirm/${invitation}`, {
      at: /name="at" value="(\d+)"/.exec(seen.text)?.[1] ?? '',
      ...signs(passkey, challengeIn(seen)),
    });

  test('is asked of those who may, shows the fingerprint, and from then on the passkey signs', async () => {
    const { own, invitation } = await waiting();
    expect(readable((await pages.visit(paul, '/')).text)).toContain('Passkeys that wait to be confirmed');
    const seen = await pages.visit(paul, `/confirm/${invitation}`);
    expect(readable(seen.text)).toContain(fingerprintOf(own.key));
    const done = await sent(paul, invitation, pauls, seen);
    expect([done.status, readable(done.text)]).toEqual([
      200,
      expect.stringContaining('signs for ines@acme.example'),
    ]);
    expect(house.house.pages.people.holderOf(own.passkey.credential)?.person).toBe(ines.id);
    expect((await pages.visit(paul, `/confirm/${invitation}`)).status).toBe(404);
    const { hold } = await pages.held('V-1');
    const shown = await pages.visit(ines, `/approve/${hold}`);
    expect(shown.text).toContain(own.passkey.credential);
    const approved = await pages.send(ines, `/approve/${hold}/yes`, signs(own, challengeIn(shown)));
    expect(approved.status).toBe(303);
  });

  test.each([
    ['who invited', lena],
    ['whose it is', ines],
    ['of the function that invited', sam],
    ['of a function that may not', dora],
  ])('is not for the person %s', async (_, who) => {
    const { invitation } = await waiting();
    expect((await pages.visit(who, `/confirm/${invitation}`)).status).toBe(404);
    expect(readable((await pages.visit(who, '/')).text)).not.toContain('Passkeys that wait');
    expect((await pages.send(who, `/confirm/${invitation}`, { at: String(house.now()) })).status).toBe(404);
  });

  test('needs the answer to this very passkey, of oneself, soon', async () => {
    const [first, second] = [await waiting(), await waiting()];
    const [one, two] = [
      await pages.visit(paul, `/confirm/${first.invitation}`),
      await pages.visit(paul, `/confirm/${second.invitation}`),
    ];
    expect((await sent(paul, second.invitation, pauls, one)).status).toBe(409);
    expect((await sent(paul, second.invitation, second.own, two)).status).toBe(409);
    house.advance(16 * 60_000);
    expect((await sent(paul, second.invitation, pauls, two)).status).toBe(409);
    expect(house.house.pages.people.holderOf(second.own.passkey.credential)).toBeUndefined();
  });
});
