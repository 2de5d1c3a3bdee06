import ipaddr from 'ipaddr.js'

/**
 * True for an IP address that a stranger may name as its endpoint: global unicast only. Loopback, private, link-local,
 * CGNAT, unique local, multicast, reserved and documentation ranges are not, nor are their IPv4-mapped and NAT64 forms;
 * 6to4 and Teredo, which carry an IPv4 address inside, are refused altogether.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast'
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().range() === 'unicast'
  if (parsed.match(NAT64)) return new ipaddr.IPv4(parsed.toByteArray().slice(12)).range() === 'unicast'
  // everything global lies in 2000::/3; what ipaddr.js names inside it is special
  return parsed.match(GLOBAL) && parsed.range() === 'unicast'
}

const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96]
const GLOBAL: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]
