// Puts a function of your own under Surety: asks before it runs, says afterwards what came of it. For functions
// that a framework calls in your process, which never cross the gateway.
//
//   const pay = governed('desk.pay', payInvoice);
//   await pay({ invoice: 'INV-7', amount: '480.00', currency: 'USD' });
//
// SURETY_URL and SURETY_CREDENTIAL say where Surety is and who asks: `surety credential <agent>`.

const timeoutMs = 30_000;

/** `hold`: run the same call again, unchanged, after a person has approved it. */
export class NotAllowed extends Error {
  readonly decision: 'hold' | 'refuse';
  constructor(decision: NotAllowed['decision'], message: string) {
    super(message);
    this.name = 'NotAllowed';
    this.decision = decision;
  }
}

/** The function, run only if Surety says so. Throws `NotAllowed`, or what the function throws. */
export function governed<A extends object, R>(
  tool: string,
  run: (args: A) => Promise<R>,
): (args: A) => Promise<R> {
  return async (args) => {
    // No answer, or one that is not understood, is no permission: `ask` throws.
    const answer = await ask('/v1/decide', { tool, arguments: args });
    if (answer.decision !== 'allow')
      throw new NotAllowed(answer.decision === 'hold' ? 'hold' : 'refuse', String(answer.message));
    const { call } = answer;
    try {
      const result = await run(args);
      await ask('/v1/settle', { call, settlement: 'ok', result });
      return result;
    } catch (error) {
      // Whether it took effect is not known here. If this is not said either, the call stays an open obligation.
      await ask('/v1/settle', { call, settlement: 'error' }).catch(() => undefined);
      throw error;
    }
  };
}

async function ask(path: string, body: object): Promise<Record<string, unknown>> {
  const { SURETY_URL = 'http://127.0.0.1:7300', SURETY_CREDENTIAL = '' } = process.env;
  const answer = await fetch(new URL(path, SURETY_URL), {
    method: 'POST',
    headers: { authorization: `Bearer ${SURETY_CREDENTIAL}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  });
  if (!answer.ok) throw new Error(`Surety answered ${answer.status} to ${path}`);
  return (await answer.json()) as Record<string, unknown>;
}
