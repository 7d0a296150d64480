/** What was chosen, once more. */
import { Label, LabelGroup } from '@patternfly/react-core';
import type { ReactNode } from 'react';

import { Terms } from '../../../../kit/terms';
import { PROVIDERS } from '../../../../kit/words';
import type { Draft } from '../draft';
import { shown } from '../kubeconfig';
import { labelsOf } from '../rules';
import type { Trial } from '../trial';

const TESTS: Record<Trial['kind'], string> = { none: 'not tested', running: 'being tested', stopped: 'not tested to the end', told: '', failed: 'could not be tested' };

export function ChosenSummary({ draft, trial }: { draft: Draft; trial: Trial }) {
  const context = draft.chosen?.reading.contexts.find(({ name }) => name === draft.chosen?.context);
  const labels = Object.entries(labelsOf(draft.labels));
  const none = <span className="cm-subtle">none</span>;
  const rows: [string, ReactNode][] = [
    ['Name', draft.name],
    ['Provider', PROVIDERS[draft.provider]],
    ['Region', draft.region],
    [
      'Labels',
      labels.length === 0 ? (
        none
      ) : (
        <LabelGroup numLabels={12} aria-label="Labels">
          {labels.map(([key, value]) => (
            <Label key={key} isCompact textMaxWidth="30ch">
              {value ? `${key}=${value}` : key}
            </Label>
          ))}
        </LabelGroup>
      ),
    ],
    ['API server', context?.server],
    ['Context', context && shown(context.name)],
    ['User', context && shown(context.user)],
    ['Connection', trial.kind === 'told' ? (trial.tested.connected ? 'tested: it works' : 'tested: it does not work') : TESTS[trial.kind]],
    ['Reason', draft.why.reason.trim() || none],
    ['Change request', draft.why.changeRequest.trim() || none],
  ];
  return <Terms rows={rows} isHorizontal aria-label="What was chosen" horizontalTermWidthModifier={{ default: '16ch' }} />;
}
