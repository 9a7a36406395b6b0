// What stands in Acme's books on the morning of 2 March 2026. Every vendor, account and order here is invented; the
// accounts have valid checksums and belong to banks that do not exist. The letters in `inbox/` agree with it.

interface Vendor {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly iban: string;
}

/** `[item, quantity, unit price in major units]` */
type Line = readonly [string, number, string];

export interface Order {
  readonly po: string;
  readonly vendor: string;
  readonly orderedOn: string;
  readonly receivedOn: string;
  readonly receivedBy: string;
  readonly lines: readonly Line[];
}

interface Invoice {
  readonly id: string;
  readonly day: 1 | 2 | 3;
  readonly vendor: string;
  /** The forged one has none. */
  readonly po?: string;
  readonly amount: string;
}

export const currency = 'USD';

/** The dates of the three days. */
export const days = { 1: '2026-03-02', 2: '2026-03-03', 3: '2026-03-04' } as const;

/** The account that the forged letter of day 2 asks for. It is nobody's in the books. */
export const forgerIban = 'LT020000417293848156';

export const vendors: readonly Vendor[] = [
  vendor('VEN-1001', 'Halden Precision Parts GmbH', 'halden-precision.example', 'DE11000412880071349205'),
  vendor('VEN-1002', 'Noordzee Packaging B.V.', 'noordzee-packaging.example', 'NL98TEST0417281936'),
  vendor('VEN-1003', 'Brightwater Facilities Ltd', 'brightwater.example', 'GB31TEST00417283920165'),
  vendor('VEN-1004', 'Kilbride Data Services Ltd', 'kilbride-data.example', 'IE57TEST00417219283746'),
  vendor('VEN-1005', 'Alpenlicht Elektro GmbH', 'alpenlicht.example', 'AT670004100273948156'),
  vendor('VEN-1006', 'Säntis Instruments AG', 'saentis-instruments.example', 'CH7700041009284716350'),
  vendor('VEN-1007', 'Moselle Freight S.à r.l.', 'moselle-freight.example', 'LU140004172839405162'),
  vendor('VEN-1008', 'Skagen Coffee & Catering ApS', 'skagen-catering.example', 'DK3900049182736450'),
];

export const orders: readonly Order[] = [
  order('PO-2601', 'VEN-1001', '01-12', '02-18', 'stores', [
    ['Bearing housing, turned, 40 mm', 40, '120.00'],
  ]),
  order('PO-2602', 'VEN-1002', '01-14', '02-06', 'stores', [['Corrugated box, size 3', 2473, '0.50']]),
  order('PO-2603', 'VEN-1003', '01-15', '02-27', 'facilities', [['Window cleaning, visit', 8, '80.00']]),
  order('PO-2604', 'VEN-1004', '01-05', '02-28', 'it', [['Managed backup, quarter', 1, '2980.00']]),
  order('PO-2605', 'VEN-1005', '01-20', '02-24', 'facilities', [['Distribution board, 400 A', 3, '4750.00']]),
  order('PO-2606', 'VEN-1006', '01-21', '02-20', 'laboratory', [['Torque transducer TT-20', 4, '1493.80']]),
  order('PO-2607', 'VEN-1007', '02-02', '02-19', 'stores', [['Pallet, Rotterdam to Trier', 11, '310.00']]),
  order('PO-2608', 'VEN-1008', '02-03', '02-16', 'office', [['Filter coffee, 1 kg', 16, '11.65']]),
  order('PO-2609', 'VEN-1001', '02-04', '02-25', 'stores', [
    ['Spacer ring, ground', 15, '99.05'],
    ['Locking plate', 12, '55.00'],
  ]),
  order('PO-2610', 'VEN-1002', '02-05', '02-23', 'stores', [['Edge protector, 1 m', 1020, '0.90']]),
  order('PO-2611', 'VEN-1003', '02-05', '02-27', 'facilities', [['Night cleaning, shift', 12, '360.00']]),
  order('PO-2612', 'VEN-1007', '02-09', '02-26', 'stores', [['Pallet, Antwerp to Trier', 6, '260.00']]),
  order('PO-2613', 'VEN-1004', '02-10', '02-28', 'it', [['Support, day', 5, '655.00']]),
  order('PO-2615', 'VEN-1008', '02-11', '02-26', 'office', [
    ['Filter coffee, 1 kg', 20, '11.65'],
    ['Lunch platter', 8, '22.45'],
  ]),
  order('PO-2616', 'VEN-1005', '02-12', '02-27', 'facilities', [['Emergency light', 24, '110.00']]),
  order('PO-2617', 'VEN-1006', '02-16', '02-27', 'laboratory', [
    ['Calibration with certificate', 3, '630.00'],
  ]),
];

/** What the mailroom captured from the letters. 14,250.00 is the one that needs a second pair of eyes. */
export const invoices: readonly Invoice[] = [
  { id: 'INV-4101', day: 1, vendor: 'VEN-1001', po: 'PO-2601', amount: '4800.00' },
  { id: 'INV-4102', day: 1, vendor: 'VEN-1002', po: 'PO-2602', amount: '1236.50' },
  { id: 'INV-4103', day: 1, vendor: 'VEN-1003', po: 'PO-2603', amount: '640.00' },
  { id: 'INV-4104', day: 1, vendor: 'VEN-1004', po: 'PO-2604', amount: '2980.00' },
  { id: 'INV-4105', day: 1, vendor: 'VEN-1005', po: 'PO-2605', amount: '14250.00' },
  { id: 'INV-4106', day: 1, vendor: 'VEN-1006', po: 'PO-2606', amount: '5975.20' },
  { id: 'INV-4107', day: 1, vendor: 'VEN-1007', po: 'PO-2607', amount: '3410.00' },
  { id: 'INV-4108', day: 1, vendor: 'VEN-1008', po: 'PO-2608', amount: '186.40' },
  { id: 'INV-4109', day: 1, vendor: 'VEN-1001', po: 'PO-2609', amount: '2145.75' },
  { id: 'INV-4110', day: 1, vendor: 'VEN-1002', po: 'PO-2610', amount: '918.00' },
  { id: 'INV-4111', day: 1, vendor: 'VEN-1003', po: 'PO-2611', amount: '4320.00' },
  { id: 'INV-4112', day: 1, vendor: 'VEN-1007', po: 'PO-2612', amount: '1560.00' },
  { id: 'INV-4113', day: 2, vendor: 'VEN-1004', po: 'PO-2613', amount: '3275.00' },
  { id: 'INV-4114', day: 2, vendor: 'VEN-1001', amount: '48000.00' },
  { id: 'INV-4115', day: 2, vendor: 'VEN-1008', po: 'PO-2615', amount: '412.60' },
  { id: 'INV-4116', day: 3, vendor: 'VEN-1005', po: 'PO-2616', amount: '2640.00' },
  { id: 'INV-4117', day: 3, vendor: 'VEN-1006', po: 'PO-2617', amount: '1890.00' },
];

function vendor(id: string, name: string, domain: string, iban: string): Vendor {
  return { id, name, domain, iban };
}

function order(
  po: string,
  ofVendor: string,
  ordered: string,
  received: string,
  receivedBy: string,
  lines: readonly Line[],
): Order {
  return {
    po,
    vendor: ofVendor,
    orderedOn: `2026-${ordered}`,
    receivedOn: `2026-${received}`,
    receivedBy,
    lines,
  };
}
