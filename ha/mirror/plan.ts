import { anyOf, companionsOf, isFolderTag, tagOf, type MirrorPath } from './layout.ts'
import type { Content, Entry, Manifest } from './manifest.ts'

/** What this node has at a path. */
export type Here =
  | { is: 'file'; entry: Entry }
  /** Being written: ask again later. */
  | { is: 'busy' }
  /** A link, a special file, one that must not be served: never touched. */
  | { is: 'odd'; why: string }

export interface Scan {
  here: ReadonlyMap<string, Here>
  /** Folders, with a slash at the end, of which nothing is known. */
  unsure: readonly string[]
}

/** A file of the standby that is not as the active node has it, and that the pair did not put there. */
export interface Drift {
  path: MirrorPath
  why: string
  /** Whether the active node has a file of that name, which phones would not get here. */
  isWanted: boolean
}

export interface Plan {
  /** Content that is to stand there; what stands now, if anything, the pair has put there. */
  place: Entry[]
  /** The content is right, date or mode are not. */
  settle: Entry[]
  remove: MirrorPath[]
  /** Left alone until a person says otherwise. */
  drift: Drift[]
  /** As wanted. */
  equal: Entry[]
  /** Being written here or there: for a later round. */
  waiting: string[]
  /** Known as ours, and gone on both nodes. */
  gone: string[]
}

/** Contents at a path that the pair has put there: whatever else stands there is a person's. */
export interface Ours {
  /** Both nodes had it last. */
  agreed: string | undefined
  /** About to be put there, or put there by now. */
  intended: readonly string[]
}

export interface Sides {
  wanted: Pick<Manifest, 'entries' | 'unsure'>
  scan: Scan
  ours: ReadonlyMap<string, Ours>
}

/** What makes this node like the other one. Nothing that a person laid here is ever in `place` or `remove`. */
export function makePlan(sides: Sides): Plan {
  const { wanted, scan, ours } = sides
  const plan: Plan = {
    place: [],
    settle: [],
    remove: [],
    drift: [],
    equal: [],
    waiting: [...wanted.unsure],
    gone: [],
  }
  const isUnsure = anyOf([...wanted.unsure, ...scan.unsure])
  const wantedPaths = new Set<string>()
  for (const entry of wanted.entries) {
    wantedPaths.add(entry.path)
    if (!isUnsure(entry.path)) planWanted(entry, sides, plan)
  }
  for (const [path, here] of scan.here) {
    if (wantedPaths.has(path) || isUnsure(path) || here.is !== 'file') continue
    if (isOurs(ours, here.entry)) plan.remove.push(here.entry.path)
    else plan.drift.push({ path: here.entry.path, why: 'only this node has it', isWanted: false })
  }
  for (const path of ours.keys())
    if (!wantedPaths.has(path) && !scan.here.has(path) && !isUnsure(path)) plan.gone.push(path)
  return withCompanions(heldBack(plan, wanted.entries))
}

function planWanted(entry: Entry, { scan, ours }: Sides, plan: Plan): void {
  const { path } = entry
  const drifted = (why: string) => plan.drift.push({ path, why, isWanted: true })
  const here = scan.here.get(path) ?? oddAbove(scan, path)
  if (here === undefined) {
    if (ours.get(path)?.agreed !== undefined) drifted('it was removed from this node')
    else plan.place.push(entry)
  } else if (here.is === 'odd') drifted(here.why)
  else if (here.is === 'busy') plan.waiting.push(path)
  else if (here.entry.sha256 === entry.sha256) {
    plan.equal.push(entry)
    if (here.entry.mtimeMs !== entry.mtimeMs || here.entry.mode !== entry.mode) plan.settle.push(entry)
  } else if (isOurs(ours, here.entry)) plan.place.push(entry)
  else drifted('it was changed on this node')
}

/** A link in the place of a folder: what lies behind it is not looked at. */
function oddAbove({ here }: Scan, path: string): Here | undefined {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const above = here.get(path.slice(0, at))
    if (above?.is === 'odd') return above
  }
  return undefined
}

function isOurs(ours: Sides['ours'], { path, sha256 }: Entry): boolean {
  const known = ours.get(path)
  return known?.agreed === sha256 || known?.intended.includes(sha256) === true
}

/**
 * What goes only when a person says so: all files of a folder, since one whose disk is not mounted looks empty; and
 * the certificate without which no door with TLS opens.
 */
function heldBack(plan: Plan, wanted: readonly Entry[]): Plan {
  const filled = new Set(wanted.map(({ path }) => tagOf(path)))
  for (const [tag, paths] of Map.groupBy(plan.remove, tagOf)) {
    const isAll = isFolderTag(tag) && !filled.has(tag) && paths.length > 1
    if (!isAll && tag !== 'certificate' && tag !== 'key') continue
    const why = isAll ? `the active node has nothing left in ${tag}` : 'the active node has none any more'
    plan.drift.push(...paths.map((path) => ({ path, why, isWanted: false })))
    plan.remove = plan.remove.filter((path) => tagOf(path) !== tag)
  }
  return plan
}

/** A certificate whose key a person has changed is left alone with it. */
function withCompanions(plan: Plan): Plan {
  const drifted = new Set<string>(plan.drift.map(({ path }) => path))
  const reason = (path: MirrorPath) => companionsOf(path).find((companion) => drifted.has(companion))
  for (const [path, isWanted] of [
    ...plan.place.map((entry) => [entry.path, true] as const),
    ...plan.remove.map((each) => [each, false] as const),
  ]) {
    const companion = reason(path)
    if (companion !== undefined) plan.drift.push({ path, why: `it belongs to ${companion}`, isWanted })
  }
  plan.place = plan.place.filter(({ path }) => reason(path) === undefined)
  plan.remove = plan.remove.filter((path) => reason(path) === undefined)
  return plan
}

/** Those to be placed now: their content is at hand, and so is that of what they must not stand there without. */
export function readyEntries(plan: Plan, hasContent: (sha256: string) => boolean): Entry[] {
  const isWaiting = anyOf(plan.waiting)
  const missing = new Set<string>(
    plan.place.filter(({ sha256 }) => !hasContent(sha256)).map(({ path }) => path),
  )
  return plan.place.filter(
    ({ path }) =>
      !missing.has(path) && !companionsOf(path).some((each) => missing.has(each) || isWaiting(each)),
  )
}

/** Contents to be fetched, each once, the small ones first. */
export function missingContents(wanted: Iterable<Content>, has: (sha256: string) => boolean): Content[] {
  const missing = new Map<string, Content>()
  for (const { sha256, size } of wanted) if (!has(sha256)) missing.set(sha256, { sha256, size })
  return [...missing.values()].toSorted((a, b) => a.size - b.size)
}
