/** Of a Node diagnostic report what helps to see why a process is slow or ill. */
export interface DiagnosticReport {
  [section: string]: unknown
}

/**
 * Stack, heap, resource use, handles and libraries of this process. Environment and command line are left out: both
 * may hold secrets. So are names of the other ends of connections, which Node would look up in the DNS, one by one.
 */
export function diagnosticReport(): DiagnosticReport {
  const { report } = process
  Object.assign(report, { excludeNetwork: true }) // @types/node does not know it yet
  const { environmentVariables: _, header, ...rest } = report.getReport() as Report
  const { commandLine: __, ...aboutProcess } = header
  return { header: aboutProcess, ...rest }
}

interface Report {
  header: Record<string, unknown>
  environmentVariables?: unknown
  [section: string]: unknown
}
