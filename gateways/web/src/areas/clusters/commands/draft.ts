/** What stands in the wizard. */
import { asProblem, type FieldError } from '../../../api/problem';
import { fieldText } from '../../../kit/states';
import type { Why } from '../../../kit/command';
import { refused, shown } from './kubeconfig';
import type { Chosen } from './parts/kubeconfig';
import type { NewCluster, Provider, Secret } from './queries';
import { type LabelRow, labelRules, labelsOf, nameRule, regionRule, suggest } from './rules';

export interface Draft {
  chosen: Chosen | undefined;
  name: string;
  provider: Provider | '';
  region: string;
  labels: LabelRow[];
  why: Why;
  /** What a person has written: no suggestion replaces it. */
  own: { name: boolean; provider: boolean; region: boolean };
}

export const EMPTY: Draft = {
  chosen: undefined,
  name: '',
  provider: '',
  region: '',
  labels: [],
  why: { reason: '', changeRequest: '' },
  own: { name: false, provider: false, region: false },
};

export type StepId = 'kubeconfig' | 'describe';

/** The fields that the API's errors may name: where they stand, and the id of their input. */
export const FIELDS: { pointer: string; step: StepId; id: string; title: string }[] = [
  { pointer: '/credentials', step: 'kubeconfig', id: 'import-kubeconfig', title: 'Kubeconfig' },
  { pointer: '/name', step: 'describe', id: 'import-name', title: 'Name' },
  { pointer: '/provider', step: 'describe', id: 'import-provider', title: 'Provider' },
  { pointer: '/region', step: 'describe', id: 'import-region', title: 'Region' },
  { pointer: '/labels', step: 'describe', id: 'import-labels', title: 'Labels' },
];

export type Field = (typeof FIELDS)[number];

export function fieldOf(error: FieldError): Field | undefined {
  const { pointer } = error;
  if (typeof pointer !== 'string') return undefined;
  return FIELDS.find((field) => pointer === field.pointer || pointer.startsWith(`${field.pointer}/`));
}

/** What the API said of each field, by its pointer. */
export function told(cause: unknown): Partial<Record<string, string>> {
  if (!cause) return {};
  const { problem } = asProblem(cause);
  const found: Record<string, string> = {};
  for (const error of problem.errors ?? []) {
    const field = fieldOf(error);
    if (field) found[field.pointer] ??= error.pointer === field.pointer ? error.detail : fieldText(error);
  }
  // A name that is taken is told without a pointer where the refusal has none.
  if (problem.code === 'name-taken') found['/name'] ??= problem.detail;
  return found;
}

export function withContext(draft: Draft, chosen: Chosen | undefined): Draft {
  const context = chosen?.reading.contexts.find(({ name }) => name === chosen.context);
  const known = context ? suggest(context.name, context.server) : undefined;
  if (!known) return { ...draft, chosen };
  // What was suggested for another context does not stay.
  const { own } = draft;
  return {
    ...draft,
    chosen,
    name: own.name ? draft.name : known.name,
    provider: own.provider ? draft.provider : (known.provider ?? ''),
    region: own.region ? draft.region : (known.region ?? ''),
  };
}

export function secretOf(chosen: Chosen | undefined): Secret | undefined {
  const context = chosen?.reading.contexts.find(({ name }) => name === chosen.context);
  return chosen && context && !refused(context) ? { kept: chosen.kept, context: context.name } : undefined;
}

export function described(draft: Draft): boolean {
  return !nameRule(draft.name) && draft.provider !== '' && !regionRule(draft.region) && labelRules(draft.labels).size === 0;
}

/** What would be imported; nothing while something is missing or breaks its rule. */
export function newCluster(draft: Draft): NewCluster | undefined {
  const secret = secretOf(draft.chosen);
  if (!secret || draft.provider === '' || !described(draft)) return undefined;
  return { name: draft.name, provider: draft.provider, region: draft.region, labels: labelsOf(draft.labels), secret };
}

/** What leaving would lose, by name; a suggestion that nobody touched is nothing to lose. */
export function unsent(draft: Draft, typing: boolean): string[] {
  const { chosen, own, labels, why } = draft;
  const written = [
    own.name && 'the name',
    own.provider && 'the provider',
    own.region && 'the region',
    labels.length > 0 && 'the labels',
    why.reason !== '' && 'the reason',
    why.changeRequest !== '' && 'the change request',
  ].filter((one) => one !== false);
  return [
    ...(chosen ? [kubeconfigLost(chosen)] : typing ? ['What stands in the field for the kubeconfig.'] : []),
    ...(written.length > 0 ? [`What you wrote of the cluster: ${written.join(', ')}.`] : []),
  ];
}

export function kubeconfigLost({ source }: Chosen): string {
  return `${shown(source)}, which this page has in memory only.`;
}
