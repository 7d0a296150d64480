/** What is said of one thing, term by term. (PatternFly breaks what is one long word.) */
import { DescriptionList, DescriptionListDescription, DescriptionListGroup, type DescriptionListProps, DescriptionListTerm } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function Term({ name, children }: { name: string; children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{name}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}

/** Terms from rows, in a list as PatternFly has it. */
export function Terms({ rows, ...list }: { rows: readonly (readonly [name: string, said: ReactNode])[] } & Omit<DescriptionListProps, 'children' | 'ref' | 'rows'>) {
  return (
    <DescriptionList isCompact {...list}>
      {rows.map(([name, said]) => (
        <Term key={name} name={name}>
          {said}
        </Term>
      ))}
    </DescriptionList>
  );
}
