import type { Config } from '../base/config.ts'
import { Unidentified } from './phone.ts'

/** What a person needs to know when a phone gave no answer that we can use. None holds a community or key. */

type Settings = Config['snmp']

export function silent(
  { version, timeoutMs, retries }: Settings,
  address: string,
  from: string,
): Unidentified {
  const tries = `${retries + 1} ${retries === 0 ? 'try' : 'tries'} of ${timeoutMs} ms from ${from}`
  const what =
    version === 'v3'
      ? 'that it has SNMP v3 with the user and keys that snmp has here'
      : 'SNMPSTRING and SNMPADD in its settings file and snmp.community here'
  return new Unidentified(`the phone at ${address} did not answer SNMP (${tries}); check ${what}`)
}

export function nonsense({ port }: Settings, address: string): Unidentified {
  return new Unidentified(
    `the phone at ${address} sent something else than an answer to an SNMP question; see what is at UDP port ${port} there`,
  )
}

/** An answer of v3 that its keys do not prove, or the phone's word that our question was not proven. */
export function unproven(address: string): Unidentified {
  return new Unidentified(
    `the phone at ${address} does not take our SNMP v3 user and keys, or its answer is not proven by them; compare snmp.user, snmp.authProtocol, snmp.authKey, snmp.privProtocol and snmp.privKey with those of the phone`,
  )
}

/** What the system said when a packet was to go there. */
export function unreachable(address: string, port: number, cause: SystemError): Unidentified {
  const why =
    cause.code === 'ECONNREFUSED'
      ? `has SNMP switched off, its UDP port ${port} is closed; set SNMPSTRING in its settings file, or correct snmp.port here`
      : `cannot be reached over SNMP (${cause.code}); check the network between it and this server`
  return new Unidentified(`the phone at ${address} ${why}`, { cause })
}

export type SystemError = Error & { code: string }

export const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
