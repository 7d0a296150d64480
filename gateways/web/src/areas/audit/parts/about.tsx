/** To what: said alike in the list, on the page of an entry and in the replay. */
import { Link } from 'react-router';

import { isPerson, Who } from '../../../kit/people';
import type { Entry } from '../queries';

export function Target({ entry }: { entry: Pick<Entry, 'target_type' | 'target_id'> }) {
  if (isPerson(entry.target_id)) return <Who actor={entry.target_id} />;
  const name = <code className="cm-audit-id">{entry.target_id}</code>;
  return entry.target_type === 'cluster' ? <Link to={`/clusters/${encodeURIComponent(entry.target_id)}`}>{name}</Link> : name;
}
