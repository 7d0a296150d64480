/** The cell that names its row: who hears a table hears it with every other cell. */
import { Td, type TdProps } from '@patternfly/react-table';

export function RowHead(props: Omit<TdProps, 'ref' | 'component'>) {
  return <Td {...props} component="th" role="rowheader" scope="row" className={`cm-row-head ${props.className ?? ''}`} />;
}
