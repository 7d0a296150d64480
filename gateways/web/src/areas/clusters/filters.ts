/** The filters of the list, as they stand in its address: values parted by commas. */
export const FILTERS = ['q', 'status', 'health', 'provider', 'region', 'k8s_version', 'label'] as const;
export type Filter = (typeof FILTERS)[number];

export const STATUSES = ['importing', 'import_failed', 'active', 'updating', 'decommissioning', 'decommissioned'] as const;

export function split(text: string | undefined): string[] {
  return text ? [...new Set(text.split(',').filter(Boolean))] : [];
}

export function join(values: readonly string[]): string | undefined {
  return values.length > 0 ? values.join(',') : undefined;
}

export function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

/** What is wrong with a filter by label, if something is: `key=value`, or `key` for any value. */
export function labelFault(text: string): string | undefined {
  const [key = '', value = '', ...more] = text.split('=');
  if (text.includes(',')) return 'One label at a time, without a comma.';
  if (more.length > 0 || !/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(key)) return 'Write key=value, or key for any value.';
  if (value && !/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(value)) return 'A value has letters, digits, dots, dashes and underscores.';
  return undefined;
}
