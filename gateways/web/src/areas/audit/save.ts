/** Files that leave the browser. */
import type { Entry } from './queries';

export function proofName({ sequence, id }: Pick<Entry, 'sequence' | 'id'>): string {
  return `clustermaster-proof-${sequence}-${id}.json`;
}

export function evidenceName({ sequence, id }: Pick<Entry, 'sequence' | 'id'>): string {
  return `clustermaster-evidence-${sequence}-${id}.html`;
}

export function save(name: string, text: string, type: string) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Not at once: the browser takes it up after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
