// People are told: through a real mail server and a real receiver, by a whole house, and again after it died.

import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { files, hourMs, people, referenceIn, TestHouse } from '../house.fixture.ts';
import { Mail } from './mail.ts';
import { certificate, MailServer, Receiver } from './receivers.fixture.ts';
import { post } from './webhook.ts';

const secretBytes = Buffer.alloc(32, 7);
const secret = `whsec_${secretBytes.toString('base64')}`;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const mailServer = async (options = {}) => {
  const server = await MailServer.open(options);
  closing.push(() => server.close());
  return server;
};
const receiver = async () => {
  const made = await Receiver.open();
  closing.push(() => made.close());
  return made;
};
const houseWith = async (notify: string, changed: Readonly<Record<string, string>> = {}) => {
  const house = await TestHouse.open({ 'surety.yaml': `${files['surety.yaml']}\n${notify}`, ...changed });
  closing.push(() => house.close());
  return house;
};
const byMail = ({ port }: MailServer, more = '') =>
  `notify:\n  mail: { host: localhost, port: ${port}, tls: none, from: surety@acme.example }\n${more}`;
const byHook = ({ url }: Receiver, more = '') =>
  `notify:\n  webhooks:\n    pager: { url: "${url}", secret: "${secret}"${more} }\n`;

async function held(house: TestHouse, invoice: string, options = {}): Promise<string> {
  const of = await house.openCase();
  await house.match(invoice, { case: of, ...options });
  return referenceIn(await house.pay(invoice, 20_000, { case: of, ...options }));
}
const sent = async (house: TestHouse) => (await house.factsOf('notice.sent')).map(({ body }) => body);
/** Resolves when so many messages are recorded. */
async function recorded(house: TestHouse, count: number) {
  while ((await sent(house)).length < count)
    await new Promise<void>((resolve) => {
      const stop = house.log.subscribe(() => {
        stop();
        resolve();
      });
      void sent(house).then((all) => all.length >= count && resolve());
    });
  return sent(house);
}

describe('a hold', () => {
  test('is told by mail to those who may approve, without what the call holds', async () => {
    const mail = await mailServer();
    const house = await houseWith(byMail(mail));
    const hold = await held(house, 'CANARY-1');
    const [message] = await mail.got.first(1);
    // Sam asks, Lena owns the agent, Paul is of another function, and Tove has no key.
    expect(message?.to).toEqual([people.ines.id]);
    expect(message?.from).toBe('surety@acme.example');
    const text = message?.text ?? '';
    expect(text).toContain(`Subject: [Surety] Approval asked: ${hold}`);
    expect(text).toContain('erp.pay');
    expect(text).toContain(people.sam.id);
    expect(text).toContain('Auto-Submitted: auto-generated');
    expect(text).not.toMatch(/CANARY|20.?000|USD|Canaryname/);
    expect(await recorded(house, 1)).toEqual([
      {
        ...{ about: 'hold', by: 'mail', person: people.ines.id, form: 'single', answer: 'accepted' },
        ...{ attempts: 1, notice: expect.stringMatching(/^n-/), of: [expect.any(Number)] },
      },
    ]);
    expect(text).toContain((await sent(house))[0]?.notice);
  });

  test('is posted, signed as Standard Webhooks say', async () => {
    const hook = await receiver();
    const house = await houseWith(byHook(hook));
    const hold = await held(house, 'CANARY-2');
    const [{ headers, body, path } = { headers: {}, body: '', path: '' }] = await hook.got.first(1);
    const id = String(headers['webhook-id']);
    const time = String(headers['webhook-timestamp']);
    const expected = createHmac('sha256', secretBytes).update(`${id}.${time}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(path).toBe('/hook');
    expect(JSON.parse(body)).toMatchObject({
      type: 'surety.hold',
      data: { form: 'single', notices: [{ hold, tool: 'erp.pay', agent: 'buyer' }] },
    });
    expect(body).not.toMatch(/CANARY|20.?000|USD/);
  });

  test('is told again under the same name until it is taken, and never twice afterwards', async () => {
    const hook = await receiver();
    hook.answers = [503, 500];
    const house = await houseWith(byHook(hook));
    await held(house, 'INV-1');
    await hook.got.first(1);
    await house.restart();
    await hook.got.first(2);
    house.advance(60_000);
    await house.call('erp.look', {});
    await house.facts();
    const got = await hook.got.first(3);
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await recorded(house, 1);
    await house.restart();
    await held(house, 'INV-2');
    expect((await hook.got.first(4)).map(({ body }) => JSON.parse(body).data.notices[0].fact)).toEqual([
      ...Array(3).fill(JSON.parse(got[0]?.body ?? '').data.notices[0].fact),
      expect.any(Number),
    ]);
    expect(house.notes.filter((note) => note.includes('cannot be reached'))).not.toEqual([]);
  });

  test('that was answered is told no more', async () => {
    const hook = await receiver();
    hook.answers = [500];
    const house = await houseWith(byHook(hook));
    const hold = await held(house, 'INV-1');
    await hook.got.first(1);
    await house.answerHold(hold, people.ines);
    house.advance(3_600_000);
    await held(house, 'INV-2');
    const [, second] = await hook.got.first(2);
    expect(second?.body).not.toContain(hold);
  });

  test('that ended untold is given up, and that is a fact', async () => {
    const mail = await mailServer();
    mail.refuses = 550;
    const house = await houseWith(byMail(mail));
    await held(house, 'INV-1');
    while (!house.notes.some((note) => note.includes('was not taken')))
      await new Promise((resolve) => setImmediate(resolve));
    house.advance(86_400_001);
    await house.call('erp.look', {});
    expect(await recorded(house, 1)).toMatchObject([{ answer: 'given-up', person: people.ines.id }]);
  });

  test('of a burst is gathered beyond so many a day', async () => {
    const mail = await mailServer();
    const house = await houseWith(byMail(mail, '  asks: { singles: 2, gather: 1h }\n'));
    const holds = [];
    for (const nth of [1, 2, 3, 4, 5]) holds.push(await held(house, `INV-${nth}`));
    await mail.got.first(2);
    await recorded(house, 2);
    house.advance(3_600_001);
    await house.call('erp.look', {});
    await house.facts();
    const got = await mail.got.first(3);
    for (const hold of holds.slice(2)) expect(got[2]?.text).toContain(hold);
    expect(got[2]?.text).toContain('Subject: [Surety] 3 approvals asked');
    expect((await recorded(house, 3)).at(-1)).toMatchObject({ form: 'gathered', of: { length: 3 } });
  });
});

describe('the owner', () => {
  test('is told of a breach once, and of what Surety contained', async () => {
    const hook = await receiver();
    const house = await houseWith(byHook(hook, `, person: ${people.tove.id}`), {
      'outcomes/payments.yaml': `${files['outcomes/payments.yaml']}on-breach: contain\n`,
    });
    const at = house.now();
    house.advance(26 * hourMs);
    house.row({ invoice: 'INV-X', amount: 5, currency: 'USD' }, 'somebody', at);
    await house.house.verdict('payments', at);
    const got = await hook.got.first(2);
    expect(got.map(({ body }) => JSON.parse(body).type).toSorted()).toEqual([
      'surety.breach',
      'surety.containment',
    ]);
    await house.house.verdict('payments', at);
    await recorded(house, 2);
    expect(await sent(house)).toHaveLength(2);
    expect((await sent(house)).every(({ person }) => person === people.tove.id)).toBe(true);
  });
});

describe('an agent that asks too often', () => {
  const bounded = (agent: number, person: number) =>
    `notify:\n  asks: { agent: ${agent}, person: ${person} }\n`;

  test('is refused, and others are heard', async () => {
    const house = await houseWith(bounded(2, 100));
    for (const nth of [1, 2]) expect(await held(house, `INV-${nth}`)).toMatch(/^h-/);
    expect(await held(house, 'INV-3')).toMatch(/^c-/);
    expect(await house.whyRefused()).toMatch(/^asked-often: buyer has asked 2 times/);
    const other = await house.openCase('second');
    await house.match('INV-4', { case: other, agent: 'second' });
    expect((await house.pay('INV-4', 20_000, { case: other, agent: 'second' })).is).toBe('held');
    await house.restart();
    expect(await held(house, 'INV-5')).toMatch(/^c-/);
    house.advance(86_400_001);
    expect(await held(house, 'INV-6')).toMatch(/^h-/);
  });

  test('leaves its share to each other agent when people were asked often enough', async () => {
    // Four agents, so one each.
    const house = await houseWith(bounded(50, 4));
    for (const nth of [1, 2, 3, 4]) expect(await held(house, `INV-${nth}`)).toMatch(/^h-/);
    expect(await held(house, 'INV-5')).toMatch(/^c-/);
    expect(await house.whyRefused()).toContain('were asked 4 times');
    const other = async (invoice: string) => {
      const of = await house.openCase('second');
      await house.match(invoice, { case: of, agent: 'second' });
      return house.pay(invoice, 20_000, { case: of, agent: 'second' });
    };
    expect((await other('INV-6')).is).toBe('held');
    expect((await other('INV-7')).is).toBe('refused');
  });

  test('is not refused what people were asked about already', async () => {
    const house = await houseWith(bounded(1, 100));
    const of = await house.openCase();
    await house.match('INV-1', { case: of });
    const pay = () => house.pay('INV-1', 20_000, { case: of });
    const [first, second] = await Promise.all([pay(), pay()]);
    expect(referenceIn(first)).toBe(referenceIn(second));
    await house.answerHold(referenceIn(first), people.ines);
    expect((await pay()).is).toBe('upstream');
  });
});

describe('mail', () => {
  const wording = { subject: 'Hello', text: 'A text.\n.\nAnother line' };
  const options = { host: 'localhost', from: 'surety@acme.example', timeoutMs: 5_000 } as const;
  const with_ = (more: object): Mail => {
    const mail = new Mail({ ...options, ...more } as ConstructorParameters<typeof Mail>[0]);
    closing.push(async () => mail.close());
    return mail;
  };

  const own = certificate();
  test.skipIf(own === undefined).each(['implicit', 'starttls'])(
    'is encrypted before anybody signs in: %s',
    async (tls) => {
      const server = await mailServer({ ...own, secure: tls === 'implicit' });
      const signing = { authorities: own?.cert, user: 'surety' };
      const mail = with_({ port: server.port, tls, ...signing, password: 'right' });
      expect(await mail.send('ines@acme.example', 'n-1', wording)).toEqual({ is: 'accepted' });
      expect((await server.got.first(1))[0]).toMatchObject({ secure: true, user: 'surety' });
      const wrong = with_({ port: server.port, tls, ...signing, password: 'wrong' });
      expect((await wrong.send('ines@acme.example', 'n-2', wording)).is).toBe('away');
    },
  );

  test('goes nowhere without encryption, where it is not said that it may', async () => {
    const server = await mailServer({ disabledCommands: ['STARTTLS'] });
    const mail = with_({ port: server.port, tls: 'starttls', user: 'surety', password: 'right' });
    expect((await mail.send('ines@acme.example', 'n-1', wording)).is).toBe('away');
    expect(server.got.all).toEqual([]);
  });

  test('goes to no server that nobody vouches for', async () => {
    const server = await mailServer({ secure: true });
    const mail = with_({ port: server.port, tls: 'implicit' });
    expect((await mail.send('ines@acme.example', 'n-1', wording)).is).toBe('away');
  });

  test.each([
    'ines@acme.example\r\nBcc: eve@evil.example',
    'a,b@acme.example',
    '<ines>@acme.example',
    'ines@acme.example>',
    '"x"@acme.example',
  ])('is not sent to what is no address: %j', async (to) => {
    expect(await with_({ port: 1, tls: 'none' }).send(to, 'n-1', wording)).toMatchObject({ is: 'given-up' });
  });

  test('goes to no address that a name may not lead to', async () => {
    const resolve = (_: string, __: object, done: (error: null, found: object[]) => void) =>
      done(null, [{ address: '169.254.169.254', family: 4 }]);
    const mail = with_({ host: 'smtp.acme.example', port: 25, tls: 'none', resolve });
    expect(await mail.send('ines@acme.example', 'n-1', wording)).toEqual({
      is: 'away',
      cause: 'address-refused',
    });
  });
});

describe('a webhook', () => {
  const options = { secret: secretBytes, timeoutMs: 5_000 };

  test('is not sent on after a redirect', async () => {
    const hook = await receiver();
    hook.answers = [307];
    expect((await post({ ...options, url: hook.url }, 'n-1', {}, 0)).is).toBe('refused');
    expect(hook.got.all).toHaveLength(1);
  });

  test.each([
    [200, 'accepted'],
    [204, 'accepted'],
    [400, 'refused'],
    [410, 'given-up'],
    [429, 'away'],
    [503, 'away'],
  ])('that answers %i is %s', async (status, is) => {
    const hook = await receiver();
    hook.answers = [status];
    expect((await post({ ...options, url: hook.url }, 'n-1', {}, 0)).is).toBe(is);
  });

  test('goes to no address that clouds keep', async () => {
    const url = 'http://169.254.169.254/latest';
    expect(await post({ ...options, url }, 'n-1', {}, 0)).toEqual({ is: 'away', cause: 'address-refused' });
  });
});
