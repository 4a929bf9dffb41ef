/**
 * Private enterprise number under which our structured data of syslog and our objects of SNMP live. None of ours is
 * registered; this one is reserved for documentation (RFC 5612), so that it can never be a vendor's. Whoever
 * registers one changes it here and in ops/deploy/TWINTONE-MIB.txt.
 */
export const enterpriseNumber = 32_473
