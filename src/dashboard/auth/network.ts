import { isIPv6 } from 'node:net';

/** So many of the eight groups of an IPv6 address name a network: a /64. */
const GROUPS_OF_NETWORK = 4;
const IPV4_IN_IPV6 = '0:0:0:0:0:ffff';

/**
 * Whom an address belongs to: an IPv4 address is one customer's, of IPv6 each has a whole /64 and
 * could guess from another address every time. IPv4 within IPv6 is that IPv4 address.
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return address;
  const groups = groupsOf(bare);
  if (groups.slice(0, 6).join(':') === IPV4_IN_IPV6) return ipv4Of(groups.slice(6));
  return `${groups.slice(0, GROUPS_OF_NETWORK).join(':')}::/64`;
}

/** All eight, each in its shortest form. */
function groupsOf(address: string): readonly string[] {
  // In the one form that URLs have for it: small letters, no IPv4 at the end.
  const { hostname } = new URL(`http://[${address}]`);
  const [before = [], after = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after];
}

function ipv4Of(groups: readonly string[]): string {
  const bytes = groups.map((group) => Number.parseInt(group, 16));
  return bytes.flatMap((pair) => [pair >> 8, pair & 255]).join('.');
}
