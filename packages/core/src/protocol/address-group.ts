import ipaddr from 'ipaddr.js'

/**
 * Who stands behind an IP address, for limits: an IPv4 address, also when it is written as IPv6, or the /64 of an IPv6 address, as
 * whoever has one of its addresses has all of them. Text that is no address stands for itself.
 */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.toString()
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}
