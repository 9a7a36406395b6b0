// For tests: what OCSF 1.8.0 says of the classes and objects that facts become, and a validator of it. Taken from
// https://github.com/ocsf/ocsf-schema at v1.8.0 (events/, objects/, dictionary.json): every attribute that is
// required, every constraint, every enumeration, and of the optional attributes those that are used here.

type Type =
  | 'string'
  | 'integer'
  | 'timestamp'
  | 'object'
  | { readonly is: string }
  | { readonly list: 'string' };

interface Attribute {
  readonly type: Type;
  readonly required?: true;
  readonly values?: readonly number[];
}

interface Shape {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly atLeastOne?: readonly string[];
}

const text: Attribute = { type: 'string' };
const whole: Attribute = { type: 'integer' };
const is = (name: string): Attribute => ({ type: { is: name } });
const must = (attribute: Attribute): Attribute => ({ ...attribute, required: true });
const among = (...values: number[]): Attribute => ({ type: 'integer', values });
const timestamp: Attribute = { type: 'timestamp' };

/** objects/*.json */
const objects: Readonly<Record<string, Shape>> = {
  metadata: {
    attributes: {
      version: must(text),
      product: must(is('product')),
      uid: text,
      original_event_uid: text,
      original_time: text,
      event_code: text,
      log_name: text,
      log_format: text,
      sequence: whole,
      correlation_uid: text,
    },
  },
  product: {
    attributes: { name: text, uid: text, vendor_name: text, version: text },
    atLeastOne: ['name', 'uid'],
  },
  actor: {
    attributes: { app_name: text, app_uid: text, user: is('user') },
    atLeastOne: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'],
  },
  user: {
    attributes: { name: text, uid: text, type_id: among(0, 1, 2, 3, 4, 99) },
    atLeastOne: ['account', 'name', 'uid'],
  },
  api: {
    attributes: { operation: must(text), service: is('service'), request: is('request') },
  },
  service: { attributes: { name: text, uid: text }, atLeastOne: ['name', 'uid'] },
  request: { attributes: { uid: must(text) } },
  session: { attributes: { uid: text } },
  network_endpoint: {
    attributes: { name: text, uid: text },
    atLeastOne: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'domain'],
  },
  managed_entity: {
    attributes: {
      name: text,
      uid: text,
      type: text,
      type_id: among(0, 1, 2, 3, 4, 5, 6, 7, 99),
      user: is('user'),
      policy: is('policy'),
    },
    atLeastOne: ['name', 'uid', 'device', 'group', 'org', 'policy', 'user'],
  },
  policy: { attributes: { name: text, uid: text }, atLeastOne: ['name', 'type', 'uid'] },
  compliance: {
    attributes: { control: text, status: text, status_id: among(0, 1, 2, 3, 99) },
  },
  finding_info: { attributes: { uid: must(text), title: text, created_time: timestamp } },
};

/** events/base_event.json */
const base: Readonly<Record<string, Attribute>> = {
  activity_id: must(whole),
  activity_name: text,
  category_uid: must(whole),
  class_uid: must(whole),
  type_uid: must(whole),
  severity_id: must(among(0, 1, 2, 3, 4, 5, 6, 99)),
  time: must(timestamp),
  metadata: must(is('metadata')),
  message: text,
  status: text,
  status_code: text,
  status_detail: text,
  status_id: among(0, 1, 2, 99),
  unmapped: { type: 'object' },
};

interface EventClass extends Shape {
  readonly category: number;
  readonly activities: readonly number[];
}

const eventClass = (
  category: number,
  activityMax: number,
  own: Readonly<Record<string, Attribute>>,
): EventClass => ({
  category,
  activities: [0, ...Array.from({ length: activityMax }, (_, at) => at + 1), 99],
  attributes: { ...base, ...own },
});

/** events/*.json, by class_uid. */
const classes: Readonly<Record<number, EventClass>> = {
  0: eventClass(0, 0, {}),
  2003: eventClass(2, 3, {
    compliance: must(is('compliance')),
    finding_info: must(is('finding_info')),
    status_id: among(0, 1, 2, 3, 4, 5, 6, 99),
  }),
  3002: {
    ...eventClass(3, 5, { user: must(is('user')), service: is('service'), session: is('session') }),
    atLeastOne: ['service', 'dst_endpoint'],
  },
  3004: eventClass(3, 13, { actor: is('actor'), entity: must(is('managed_entity')) }),
  6002: eventClass(6, 8, { app: must(is('product')) }),
  6003: eventClass(6, 4, {
    actor: must(is('actor')),
    api: must(is('api')),
    src_endpoint: must(is('network_endpoint')),
  }),
};

/** What is wrong with an event; empty if nothing is. */
export function ocsfProblems(event: Readonly<Record<string, unknown>>): string[] {
  const { class_uid: uid, category_uid: category, activity_id: activity, type_uid: type } = event;
  const known = classes[uid as number];
  if (known === undefined) return [`class ${String(uid)} is not known`];
  return [
    ...problemsOf(known, event, ''),
    ...(category === known.category ? [] : [`category ${String(category)}`]),
    ...(known.activities.includes(activity as number) ? [] : [`activity ${String(activity)}`]),
    ...(type === (uid as number) * 100 + (activity as number) ? [] : [`type ${String(type)}`]),
  ];
}

function problemsOf(shape: Shape, value: Readonly<Record<string, unknown>>, at: string): string[] {
  const { attributes, atLeastOne = [] } = shape;
  const missing = Object.entries(attributes).filter(
    ([name, { required }]) => required && value[name] === undefined,
  );
  return [
    ...missing.map(([name]) => `${at}/${name} is missing`),
    ...(atLeastOne.length === 0 || atLeastOne.some((name) => value[name] !== undefined)
      ? []
      : [`${at} has none of ${atLeastOne.join(', ')}`]),
    ...Object.entries(value).flatMap(([name, own]) => {
      const attribute = attributes[name];
      return attribute === undefined ? [`${at}/${name} is unknown`] : typed(attribute, own, `${at}/${name}`);
    }),
    ...others(value, at),
  ];
}

/** An enumeration's 99 needs its label: `activity_id` has `activity_name`, `x_id` has `x`. */
const others = (value: Readonly<Record<string, unknown>>, at: string): string[] =>
  Object.entries(value).flatMap(([name, own]) => {
    if (own !== 99 || !name.endsWith('_id')) return [];
    const label = name === 'activity_id' ? 'activity_name' : name.slice(0, -'_id'.length);
    return typeof value[label] === 'string' ? [] : [`${at}/${name} is other, and ${label} is missing`];
  });

function typed({ type, values }: Attribute, value: unknown, at: string): string[] {
  if (typeof type === 'object' && 'is' in type) {
    if (typeof value !== 'object' || value === null) return [`${at} is no object`];
    return problemsOf(objects[type.is] as Shape, value as Record<string, unknown>, at);
  }
  if (typeof type === 'object')
    return Array.isArray(value) && value.every((each) => typeof each === 'string')
      ? []
      : [`${at} is no list`];
  if (type === 'string') return typeof value === 'string' && value !== '' ? [] : [`${at} is no text`];
  if (type === 'object') return typeof value === 'object' && value !== null ? [] : [`${at} is no object`];
  if (!Number.isSafeInteger(value)) return [`${at} is no integer`];
  return values === undefined || values.includes(value as number)
    ? []
    : [`${at} is none of ${values.join()}`];
}
