import { describe, expect, test } from 'vitest';
import { isSpecial, whyNotAt } from './addresses.ts';

describe('where a server may be', () => {
  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '[::ffff:a9fe:a9fe]',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '192.0.0.192',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    'ff02::1',
  ])('not %s, whatever name it has', (address) => {
    expect(isSpecial(address)).toBe(true);
    expect(whyNotAt('erp.example', address)).toContain('link-local');
    expect(whyNotAt(address, address)).toContain('link-local');
    expect(whyNotAt('erp.example', address, true)).toBeUndefined();
  });

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    '%s only under its own name',
    (address) => {
      expect(whyNotAt('erp.example', address)).toContain('this host');
      // Link-local is another permission.
      expect(whyNotAt('erp.example', address, true)).toContain('this host');
      expect(whyNotAt('localhost.example', address)).toContain('this host');
      for (const own of ['localhost', 'erp.localhost', '127.0.0.1', '[::1]'])
        expect(whyNotAt(own, address)).toBeUndefined();
    },
  );

  test.each(['10.0.0.7', '192.168.1.1', '100.64.0.1', '198.51.100.4', '2001:db8::1', 'fd12::1'])(
    '%s as it is named',
    (address) => {
      expect(isSpecial(address)).toBe(false);
      expect(whyNotAt('erp.example', address)).toBeUndefined();
    },
  );

  test('only addresses', () => {
    expect(isSpecial('erp.example')).toBe(false);
    expect(whyNotAt('erp.example', 'erp.example')).toBe('it is no address');
  });
});
