/** Kubernetes versions, as API servers tell them: `v1.33.2`, `v1.29.3-eks-5e0fdde`. */

function parts(version: string): number[] {
  return version.replace(/^v/, '').split(/[.+-]/).slice(0, 3).map((part) => Number.parseInt(part, 10) || 0);
}

function byNewest(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)];
  for (let index = 0; index < 3; index++) {
    const by = (b[index] ?? 0) - (a[index] ?? 0);
    if (by !== 0) return by;
  }
  return one.localeCompare(other);
}

/** `v1.33.2` before `v1.9.0`, and what is no version last. */
export function newestFirst(versions: Record<string, number>): [string, number][] {
  return Object.entries(versions).sort(([one], [other]) => byNewest(one, other));
}

/** `1.33` of `v1.33.2`; nothing of what is no version. */
export function minorOf(version: string): string | undefined {
  return /^v?(\d+\.\d+)(?:\.|$)/.exec(version)?.[1];
}

/** Whether it stands for each of its patches. */
export function isMinor(version: string): boolean {
  return /^v?\d+\.\d+$/.test(version);
}

/** Versions to choose from: each minor one, and behind it those that there are of it; the newest first. */
export function versionChoices(versions: readonly string[]): string[] {
  const whole = [...new Set(versions)].filter((version) => !isMinor(version)).sort(byNewest);
  const minors = [...new Set(versions.flatMap((version) => minorOf(version) ?? []))].sort(byNewest);
  const others = whole.filter((version) => minorOf(version) === undefined);
  return [...minors.flatMap((minor) => [minor, ...whole.filter((version) => minorOf(version) === minor)]), ...others];
}
